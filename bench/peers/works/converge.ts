/**
 * Entries put at one of three linked nodes until all three can read all of them: from the first
 * put until the last node counts them all. Then every value on every node is compared with what
 * was written. What is not everywhere in time counts with what the slowest node could read by then.
 */
import type { Progress } from "../../progress.ts";
import type { PeerProcess } from "../cluster.ts";
import { Cluster } from "../cluster.ts";
import type { System, Way } from "../contract.ts";
import { type Cell, type Scale, type Work, perSecond } from "./work.ts";

const nodes = 3;
/** Linking leaves one entry in the set. */
const entriesBefore = 1;

interface NamedWay extends Way {
  readonly figure: string;
}

const single: NamedWay = { figure: "single puts until readable on 3 of 3", batch: 1, inFlight: 64 };
const batches: NamedWay = { figure: "batches of 1,000 until readable on 3 of 3", batch: 1_000, inFlight: 4 };

export const converge: Work = {
  name: "converge",
  async run(system, scale, progress) {
    const { putBatch } = await system.load();
    const ways = putBatch === "none" ? [single] : [single, batches];
    const cells: Cell[] = [];
    for (const way of ways) cells.push(await repeated(system, way, scale, progress));
    // Whoever has no batches is compared with its single puts.
    return putBatch === "none" ? [...cells, ...cells.map((cell) => ({ ...cell, figure: batches.figure }))] : cells;
  },
};

async function repeated(system: System, way: NamedWay, scale: Scale, progress: Progress): Promise<Cell> {
  const samples: number[] = [];
  let unfinished: string | undefined;
  for (let run = 1; run <= scale.runs && unfinished === undefined; run++) {
    progress.begin(`${system.title}: ${way.figure} (run ${run} of ${scale.runs})`);
    const found = await once(system, way, scale, progress);
    samples.push(found.rate);
    unfinished = found.unfinished;
  }
  return { figure: way.figure, unit: "/s", better: "higher", kind: "sharing", samples, unfinished };
}

async function once(
  system: System,
  way: Way,
  { entries, cellMsMax }: Scale,
  progress: Progress,
): Promise<{ rate: number; unfinished: string | undefined }> {
  await using cluster = new Cluster(system);
  const all = await cluster.shared(nodes);
  const [writer, ...readers] = all;
  await Promise.all(all.map((peer) => peer.ask("prepare", { set: "converge", count: entries })));
  const wanted = { count: entries + entriesBefore, msMax: cellMsMax };
  const patience = cellMsMax * 2;
  const writing = writer.ask("write", { ...way, msMax: cellMsMax }, undefined, patience);
  const reading = readers.map((reader) =>
    reader.ask("awaitCount", wanted, (done, total) => progress.at(done, total, "entries"), patience),
  );
  const [{ begunAt, endedAt }, ends] = await Promise.all([writing, Promise.all(reading)]);
  const lastAt = Math.max(endedAt, ...ends.map(({ at }) => at));
  const fewest = Math.min(...ends.map(({ counted }) => counted)) - entriesBefore;
  const rate = perSecond(Math.min(fewest, entries), lastAt - begunAt);
  if (fewest < entries) return { rate, unfinished: `${fewest} of ${entries} readable after ${cellMsMax / 1_000} s` };
  await compare(all, entries, cellMsMax);
  await Promise.all(all.map((peer) => peer.stop()));
  return { rate, unfinished: undefined };
}

async function compare(peers: readonly PeerProcess[], count: number, msMax: number): Promise<void> {
  const found = await Promise.all(peers.map((peer) => peer.ask("readAll", { count, msMax }, undefined, msMax * 2)));
  for (const { right, read } of found)
    if (right < read) throw new Error(`of ${read} entries that were read ${read - right} are missing or wrong`);
}
