/**
 * Finds files that import each other in a circle, types included: a circle of types compiles, but
 * neither file can be read without the other.
 */
import { posix } from "node:path";
import type { Problem } from "./problem.ts";
import type { SourceFile } from "./source-file.ts";

export function checkCycles(files: readonly SourceFile[]): Problem[] {
  const graph = new Map(files.map((file) => [file.path, importedPaths(file)]));
  const finished = new Set<string>();
  const problems: Problem[] = [];

  function follow(path: string, trail: readonly string[]): void {
    const seenAt = trail.indexOf(path);
    if (seenAt >= 0) {
      const circle = [...trail.slice(seenAt), path];
      const message = `These files import each other in a circle: ${circle.join(" → ")}. Move what both need into a file below them.`;
      problems.push({ path, line: 0, rule: "no-cycles", message });
      return;
    }
    if (finished.has(path)) return;
    for (const next of graph.get(path) ?? []) follow(next, [...trail, path]);
    finished.add(path);
  }

  for (const path of graph.keys()) follow(path, []);
  return problems;
}

function importedPaths(file: SourceFile): string[] {
  return file.imports
    .filter((each) => each.specifier.startsWith("."))
    .map((each) => posix.join(posix.dirname(file.path), each.specifier));
}
