/**
 * Checks the house rules that no compiler or linter checks: who may import whom, what a file is
 * called and begins with, how long it may be, what may not stand in it. `npm run tidy` prints every
 * problem and exits 1 where there is one; `test/tidy.test.ts` runs the same.
 */
import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync, type Dirent } from "node:fs";
import { join, relative } from "node:path";
import { checkConsole, checkPureIsSynchronous, checkSkippedTests, checkSuppressions } from "./tidy/content.ts";
import { checkCycles } from "./tidy/cycles.ts";
import { formatProblem, type Problem } from "./tidy/problem.ts";
import { checkImports, checkPortsAreTypes } from "./tidy/rooms.ts";
import { checkHeader, checkLength, checkName } from "./tidy/shape.ts";
import { readSourceFile, type SourceFile } from "./tidy/source-file.ts";
import { checkWords } from "./tidy/words.ts";

const sourceRules = [
  checkImports,
  checkPortsAreTypes,
  checkHeader,
  checkLength,
  checkPureIsSynchronous,
  checkConsole,
  checkSkippedTests,
  checkSuppressions,
];

/** Every problem of a set of files, given as path → text. */
export function tidy(texts: ReadonlyMap<string, string>): Problem[] {
  const problems: Problem[] = [];
  const sources: SourceFile[] = [];
  for (const [path, text] of texts) {
    problems.push(...checkName(path), ...checkWords(path, text));
    if (path.endsWith(".ts")) sources.push(readSourceFile(path, text));
  }
  for (const source of sources) problems.push(...sourceRules.flatMap((rule) => rule(source)));
  problems.push(...checkCycles(sources));
  return problems;
}

/** The text files of the checkout that are committed or would be: path → text. */
export function readRepository(root: string): Map<string, string> {
  const texts = new Map<string, string>();
  for (const path of listFiles(root)) {
    const full = join(root, path);
    if (!existsSync(full)) continue; // deleted, but not yet in a commit
    const bytes = readFileSync(full);
    if (!bytes.includes(0)) texts.set(path, bytes.toString("utf8"));
  }
  return texts;
}

function listFiles(root: string): string[] {
  if (!existsSync(join(root, ".git"))) return listUnpacked(root);
  const options = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const listed = execFileSync("git", options, { cwd: root, encoding: "utf8" });
  return listed.split("\0").filter((path) => path !== "");
}

/** In a copy without git, such as an unpacked archive, everything counts that no tool has made. */
function listUnpacked(root: string): string[] {
  return globSync("**/*", { cwd: root, exclude: isMade, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

function isMade(entry: Dirent): boolean {
  return ["node_modules", "dist", "coverage", ".cache"].includes(entry.name);
}

if (import.meta.main) {
  const texts = readRepository(join(import.meta.dirname, ".."));
  const problems = tidy(texts);
  for (const problem of problems) console.error(formatProblem(problem));
  console.log(problems.length === 0 ? `${texts.size} files are tidy` : `${problems.length} problems`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
