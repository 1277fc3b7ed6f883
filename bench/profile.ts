/**
 * Where the time went: the functions with the most self time in the CPU profiles that `--cpu-prof`
 * left, one list per thread. Time spent idle is left out, so that shares are of the time worked.
 */
import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const notWork = new Set(["(idle)", "(program)", "(root)"]);

/** One text per thread: its busy time and its `count` hottest functions. */
export function hottest(folder: string, count: number): readonly string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".cpuprofile"))
    .map((file) => describe(file, JSON.parse(readFileSync(join(folder, file), "utf8")) as Profile, count));
}

function describe(file: string, { nodes, samples, timeDeltas }: Profile, count: number): string {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const selfUs = new Map<string, number>();
  let busyUs = 0;
  let allUs = 0;
  for (const [index, id] of samples.entries()) {
    const us = timeDeltas[index] ?? 0;
    const node = byId.get(id);
    allUs += us;
    if (node === undefined || notWork.has(node.callFrame.functionName)) continue;
    busyUs += us;
    const place = placeOf(node);
    selfUs.set(place, (selfUs.get(place) ?? 0) + us);
  }
  const top = [...selfUs].sort((a, b) => b[1] - a[1]).slice(0, count);
  const lines = top.map(([place, us]) => `  ${((us / busyUs) * 100).toFixed(1).padStart(5)} %  ${place}`);
  return [`${file}: busy ${(busyUs / 1000).toFixed(0)} of ${(allUs / 1000).toFixed(0)} ms`, ...lines].join("\n");
}

function placeOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const where = url === "" ? "" : `  ${basename(url)}:${lineNumber + 1}`;
  return `${functionName === "" ? "(anonymous)" : functionName}${where}`;
}
