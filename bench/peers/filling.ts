/** One node with many entries, written the fastest way its system has, for what is measured of a full store. */
import type { Progress } from "../progress.ts";
import type { Cluster, PeerProcess } from "./cluster.ts";
import { type Scale, patience } from "./works/work.ts";

export interface Filled {
  readonly node: PeerProcess;
  readonly entries: number;
  /** Undefined when all were written in time. */
  readonly unfinished: string | undefined;
}

export async function filled(cluster: Cluster, scale: Scale, progress: Progress): Promise<Filled> {
  const { putBatch } = await cluster.system.load();
  const way = putBatch === "none" ? { batch: 1, inFlight: 64 } : { batch: 1_000, inFlight: 4 };
  const node = await cluster.peer(undefined);
  await node.ask("prepare", { set: "filled", count: scale.entries });
  progress.begin(`${cluster.system.title}: writing ${scale.entries} entries`);
  const { written } = await node.ask(
    "write",
    { ...way, msMax: scale.cellMsMax },
    (done, total) => progress.at(done, total, "entries"),
    patience(scale.cellMsMax),
  );
  const unfinished =
    written < scale.entries ? `with ${written} entries, written in ${scale.cellMsMax / 1_000} s` : undefined;
  return { node, entries: written, unfinished };
}
