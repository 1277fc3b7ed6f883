/**
 * How long one put takes until both other nodes of three can read its value: put after put, each
 * begun when the one before was everywhere. Readers look every 2 ms, which is the grain. Fewer puts where
 * they take longer than a cell may.
 */
import { nowMs } from "../../clock.ts";
import type { Progress } from "../../progress.ts";
import { percentile } from "../../statistics.ts";
import { Cluster } from "../cluster.ts";
import type { System } from "../contract.ts";
import type { Cell, Scale, Work } from "./work.ts";

const nodes = 3;
const putsMax = 100;
/** The first puts load and compile code, and make it fast. */
const warmUps = 50;

export const latency: Work = {
  name: "latency",
  async run(system, scale, progress) {
    const middle: number[] = [];
    const slow: number[] = [];
    for (let run = 1; run <= scale.runs; run++) {
      progress.begin(`${system.title}: one put until readable everywhere (run ${run} of ${scale.runs})`);
      const found = await delays(system, scale, progress);
      middle.push(percentile(found, 0.5));
      slow.push(percentile(found, 0.99));
    }
    return [cell("one put until readable on 3 of 3, p50", middle), cell("one put until readable on 3 of 3, p99", slow)];
  },
};

function cell(figure: string, samples: readonly number[]): Cell {
  return { figure, unit: "ms", better: "lower", kind: "others", samples, unfinished: undefined };
}

async function delays(system: System, { entries, cellMsMax }: Scale, progress: Progress): Promise<readonly number[]> {
  await using cluster = new Cluster(system);
  const all = await cluster.shared(nodes);
  const [writer, ...readers] = all;
  const count = Math.min(putsMax, entries) + warmUps;
  await Promise.all(all.map((peer) => peer.ask("prepare", { set: "latency", count })));
  const found: number[] = [];
  const begunAt = nowMs();
  for (let number = 0; number < count && (found.length <= warmUps || nowMs() - begunAt < cellMsMax); number++) {
    const waiting = readers.map((reader) => reader.ask("awaitEntry", { number, msMax: cellMsMax }));
    const { begunAt: putAt } = await writer.ask("putOne", { number });
    const seen = await Promise.all(waiting);
    const ats = seen.map(({ at }) => {
      if (at === undefined) throw new Error(`put ${number} is not everywhere after ${cellMsMax / 1_000} s`);
      return at;
    });
    found.push(Math.max(...ats) - putAt);
    progress.at(number, count, "puts");
  }
  await Promise.all(all.map((peer) => peer.stop()));
  return found.slice(warmUps);
}
