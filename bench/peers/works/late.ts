/**
 * A newcomer: one node holds all entries, and an empty one joins. From the order to start the
 * newcomer, whose process has loaded its modules, until it counts all entries; then its values are
 * compared. The start is in the figure because some systems begin to fetch while they start.
 */
import { nowMs } from "../../clock.ts";
import type { Progress } from "../../progress.ts";
import { Cluster, PeerProcess } from "../cluster.ts";
import type { System } from "../contract.ts";
import { filled } from "../filling.ts";
import { type Cell, type Scale, type Work, patience, perSecond } from "./work.ts";

export const late: Work = {
  name: "late",
  async run(system, scale, progress) {
    const samples: number[] = [];
    const notes: string[] = [];
    for (let run = 1; run <= scale.runs && notes.length === 0; run++) {
      const { rate, note } = await once(system, scale, progress);
      samples.push(rate);
      if (note !== undefined) notes.push(note);
    }
    const cell: Cell = {
      figure: "late joiner, until it counts all",
      unit: "/s",
      better: "higher",
      kind: "sharing",
      samples,
      unfinished: notes[0],
    };
    return [cell];
  },
};

async function once(
  system: System,
  scale: Scale,
  progress: Progress,
): Promise<{ rate: number; note: string | undefined }> {
  await using cluster = new Cluster(system);
  const { node, entries, unfinished } = await filled(cluster, scale, progress);
  progress.begin(`${system.title}: a newcomer fetches ${entries} entries`);
  const dataDir = cluster.newFolder();
  const joiner = new PeerProcess(system.name, dataDir);
  cluster.adopt(joiner.child);
  await joiner.ask("prepare", { set: "filled", count: entries });
  const begunAt = nowMs();
  await joiner.ask("start", { dataDir, ticket: node.ticket });
  await joiner.ask("connect", { ticket: node.ticket });
  const { at, counted } = await joiner.ask(
    "awaitCount",
    { count: entries, msMax: scale.cellMsMax },
    (done, total) => progress.at(done, total, "entries"),
    patience(scale.cellMsMax),
  );
  // Given up, it counts as if the rest had come in that moment: some show nothing before they have all.
  const rate = perSecond(entries, at - begunAt);
  if (counted < entries) return { rate, note: `${counted} of ${entries} after ${scale.cellMsMax / 1_000} s` };
  const { right, read } = await joiner.ask(
    "readAll",
    { count: entries, msMax: scale.cellMsMax },
    undefined,
    patience(scale.cellMsMax),
  );
  if (right < read) throw new Error(`of ${read} entries that were read ${read - right} are missing or wrong`);
  await Promise.all([joiner.stop(), node.stop()]);
  return { rate, note: unfinished };
}
