/** How fast one node alone takes entries: one put after the other, 64 puts under way, batches of 1,000. */
import type { Progress } from "../../progress.ts";
import { Cluster } from "../cluster.ts";
import type { System, Way } from "../contract.ts";
import { type Cell, type Scale, type Work, patience, perSecond } from "./work.ts";

/** Puts one after the other wait for each other, so a tenth of the entries is enough. */
const sequentialShare = 0.1;

interface NamedWay extends Way {
  readonly figure: string;
  readonly share: number;
}

const ways: readonly NamedWay[] = [
  { figure: "puts at one node, one after the other", batch: 1, inFlight: 1, share: sequentialShare },
  { figure: "puts at one node, 64 under way", batch: 1, inFlight: 64, share: 1 },
];
const batches: NamedWay = { figure: "puts at one node in batches of 1,000", batch: 1_000, inFlight: 4, share: 1 };

export const local: Work = {
  name: "local",
  async run(system, scale, progress) {
    const { putBatch } = await system.load();
    const cells: Cell[] = [];
    for (const way of putBatch === "none" ? ways : [...ways, batches])
      cells.push(await repeated(system, way, scale, progress));
    const last = cells.at(-1);
    // Whoever has no batches is compared with its single puts.
    return putBatch === "none" && last !== undefined ? [...cells, { ...last, figure: batches.figure }] : cells;
  },
};

async function repeated(system: System, way: NamedWay, scale: Scale, progress: Progress): Promise<Cell> {
  const samples: number[] = [];
  let unfinished: string | undefined;
  const count = Math.ceil(scale.entries * way.share);
  for (let run = 1; run <= scale.runs && unfinished === undefined; run++) {
    progress.begin(`${system.title}: ${way.figure} (run ${run} of ${scale.runs})`);
    await using cluster = new Cluster(system);
    const node = await cluster.peer(undefined);
    await node.ask("prepare", { set: "local", count });
    const { begunAt, endedAt, written } = await node.ask(
      "write",
      { ...way, msMax: scale.cellMsMax },
      (done, total) => progress.at(done, total, "entries"),
      patience(scale.cellMsMax),
    );
    samples.push(perSecond(written, endedAt - begunAt));
    if (written < count) unfinished = `${written} of ${count} after ${scale.cellMsMax / 1_000} s`;
    await node.stop();
  }
  return { figure: way.figure, unit: "/s", better: "higher", kind: "others", samples, unfinished };
}
