/**
 * What a full store costs: reads, memory, disk and opening, of one node that was filled, stopped
 * and opened again. Memory is the resident set of the whole process, a few seconds after it has
 * started, empty and full. Opening is from the start of the process to the first entry read.
 */
import { globSync, lstatSync } from "node:fs";
import { join } from "node:path";
import { nowMs, pause } from "../../clock.ts";
import type { Progress } from "../../progress.ts";
import { Cluster, type PeerProcess } from "../cluster.ts";
import type { System } from "../contract.ts";
import { filled } from "../filling.ts";
import { type Cell, type Scale, type Work, patience } from "./work.ts";

const idleMs = 3_000;
/** One of 256 parts of the keys. */
const prefix = "a5";
/** Source: stat(2), the unit of st_blocks. */
const blockBytes = 512;

export const store: Work = {
  name: "store",
  async run(system, scale, progress) {
    const cells: Cell[] = [];
    for (let run = 1; run <= scale.runs; run++) {
      const found = await once(system, scale, progress);
      for (const [at, cell] of found.entries()) {
        const before = cells[at];
        cells[at] = before === undefined ? cell : { ...cell, samples: [...before.samples, ...cell.samples] };
      }
      if (found.some(({ unfinished }) => unfinished !== undefined)) break;
    }
    return cells;
  },
};

async function once(system: System, scale: Scale, progress: Progress): Promise<readonly Cell[]> {
  await using cluster = new Cluster(system);
  const idle = await idleMemory(cluster);
  const { node, entries, unfinished } = await filled(cluster, scale, progress);
  await node.stop();
  const bytes = bytesIn(node.dataDir);
  progress.begin(`${system.title}: reads from ${entries} entries`);
  const { again, openMs } = await opened(cluster, node, entries);
  await pause(idleMs);
  const { rssBytes } = await again.ask("memory", undefined);
  const reads = { count: scale.reads, msMax: scale.cellMsMax };
  const { perSecond: gets } = await again.ask("get", { ...reads, of: entries }, undefined, patience(scale.cellMsMax));
  const { perSecond: scans } = await again.ask(
    "scan",
    { ...reads, of: entries, prefix },
    undefined,
    patience(scale.cellMsMax),
  );
  await again.stop();
  const cell = (figure: string, unit: string, better: Cell["better"], sample: number): Cell => ({
    figure,
    unit,
    better,
    kind: "others",
    samples: [sample],
    unfinished,
  });
  return [
    { ...cell("resident memory, idle and empty", "MB", "lower", idle / 1e6), unfinished: undefined },
    cell("resident memory with all entries", "MB", "lower", rssBytes / 1e6),
    cell("bytes on disk per entry", "B", "lower", bytes / entries),
    cell("process start until an entry is read", "ms", "lower", openMs),
    cell("point reads", "/s", "higher", gets),
    cell("entries listed by prefix, 1 of 256", "/s", "higher", scans),
  ];
}

async function idleMemory(cluster: Cluster): Promise<number> {
  const empty = await cluster.peer(undefined);
  await pause(idleMs);
  const { rssBytes } = await empty.ask("memory", undefined);
  await empty.stop();
  return rssBytes;
}

async function opened(
  cluster: Cluster,
  { dataDir }: PeerProcess,
  entries: number,
): Promise<{ again: PeerProcess; openMs: number }> {
  const begunAt = nowMs();
  const again = await cluster.peer(undefined, dataDir);
  await again.ask("prepare", { set: "filled", count: 1 });
  const { at } = await again.ask("awaitEntry", { number: 0, msMax: 60_000 });
  if (at === undefined) throw new Error("what was written cannot be read after opening again");
  await again.ask("prepare", { set: "filled", count: entries });
  return { again, openMs: at - begunAt };
}

/** What the files take up on the disk, not how long they say they are. */
function bytesIn(folder: string): number {
  return globSync("**", { cwd: folder }).reduce((sum, path) => {
    const found = lstatSync(join(folder, path));
    return found.isFile() ? sum + found.blocks * blockBytes : sum;
  }, 0);
}
