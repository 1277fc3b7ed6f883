/**
 * Entries put at one of three linked nodes until all three can read all of them: from the first
 * put until the last node counts them all. Then every value on every node is compared with what
 * was written. What is not everywhere in time counts with what the slowest node could read by then.
 */
import type { Progress } from "../../progress.ts";
import type { PeerProcess } from "../cluster.ts";
import { Cluster } from "../cluster.ts";
import type { System, Way } from "../contract.ts";
import { type Cell, type Scale, type Work, patience, perSecond } from "./work.ts";

const nodes = 3;
/** Linking leaves one entry in the set. */
const entriesBefore = 1;

interface NamedWay extends Way {
  readonly name: string;
}

const single: NamedWay = { name: "single puts", batch: 1, inFlight: 64 };
const batches: NamedWay = { name: "batches of 1,000", batch: 1_000, inFlight: 4 };

export const converge: Work = {
  name: "converge",
  async run(system, scale, progress) {
    const { putBatch } = await system.load();
    const singly = await repeated(system, single, scale, progress);
    if (putBatch !== "none") return [...singly, ...(await repeated(system, batches, scale, progress))];
    // Whoever has no batches is compared with its single puts.
    return [...singly, ...singly.map((cell) => ({ ...cell, figure: cell.figure.replace(single.name, batches.name) }))];
  },
};

interface Once {
  readonly rate: number;
  readonly cpuMs: number;
  readonly unfinished: string | undefined;
}

async function repeated(system: System, way: NamedWay, scale: Scale, progress: Progress): Promise<readonly Cell[]> {
  const found: Once[] = [];
  for (let run = 1; run <= scale.runs && found.at(-1)?.unfinished === undefined; run++) {
    progress.begin(`${system.title}: ${way.name} until readable on 3 of 3 (run ${run} of ${scale.runs})`);
    found.push(await once(system, way, scale, progress));
  }
  const both = { kind: "sharing", unfinished: found.at(-1)?.unfinished } as const;
  const rates = found.map(({ rate }) => rate);
  const costs = found.map(({ cpuMs }) => cpuMs);
  return [
    { ...both, figure: `${way.name} until readable on 3 of 3`, unit: "/s", better: "higher", samples: rates },
    {
      ...both,
      figure: `processor time of all 3 per entry that is readable on 3 of 3, ${way.name}`,
      unit: "ms",
      better: "lower",
      samples: costs,
    },
  ];
}

async function once(system: System, way: Way, { entries, cellMsMax }: Scale, progress: Progress): Promise<Once> {
  await using cluster = new Cluster(system);
  const all = await cluster.shared(nodes);
  const [writer, ...readers] = all;
  await Promise.all(all.map((peer) => peer.ask("prepare", { set: "converge", count: entries })));
  const cpuBefore = await cpuOf(all);
  const wanted = { count: entries + entriesBefore, msMax: cellMsMax };
  const msMax = patience(cellMsMax);
  const writing = writer.ask("write", { ...way, msMax: cellMsMax }, undefined, msMax);
  const reading = readers.map((reader) =>
    reader.ask("awaitCount", wanted, (done, total) => progress.at(done, total, "entries"), msMax),
  );
  const [{ begunAt, endedAt }, ends] = await Promise.all([writing, Promise.all(reading)]);
  const cpuMs = (await cpuOf(all)) - cpuBefore;
  const lastAt = Math.max(endedAt, ...ends.map(({ at }) => at));
  const fewest = Math.min(entries, ...ends.map(({ counted }) => counted - entriesBefore));
  // None at all counts as one, so that a rate stays a bound in the system's favour.
  const shared = Math.max(1, fewest);
  const figures = { rate: perSecond(shared, lastAt - begunAt), cpuMs: cpuMs / shared };
  if (fewest < entries)
    return { ...figures, unfinished: `${fewest} of ${entries} readable after ${cellMsMax / 1_000} s` };
  await compare(all, entries, cellMsMax);
  await Promise.all(all.map((peer) => peer.stop()));
  return { ...figures, unfinished: undefined };
}

async function cpuOf(peers: readonly PeerProcess[]): Promise<number> {
  const found = await Promise.all(peers.map((peer) => peer.ask("cpu", undefined)));
  return found.reduce((sum, { ms }) => sum + ms, 0);
}

async function compare(peers: readonly PeerProcess[], count: number, msMax: number): Promise<void> {
  const found = await Promise.all(
    peers.map((peer) => peer.ask("readAll", { count, msMax }, undefined, patience(msMax))),
  );
  for (const { right, read } of found)
    if (right < read) throw new Error(`of ${read} entries that were read ${read - right} are missing or wrong`);
}
