/**
 * Power cuts, emulated: the data folder lies on an ext4 image behind a loop device. In the middle
 * of writing the node is stopped with SIGSTOP and the image copied: it holds what had reached the
 * block device, and nothing of what only the system's memory knew. The copy is mounted, the node
 * starts on it, and everything acknowledged before the cut has to be there. Then the next cut hits
 * the recovered disk.
 *
 * On record: `node test/crash/power-cut.ts --cuts 20 --seed 1`, as root. With
 * `--durability relaxed` it must fail: that shows that the method finds what is not synced.
 *
 * Limit: the drive's own cache is not part of it, and a flush by the system during the copy (some
 * 50 ms) would look like a torn disk.
 */
import { readdirSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Prng } from "../../src/base/prng.ts";
import { LoopDisk, missingForLoopDisk } from "../support/loop-disk.ts";
import { exitOnSignals, Nursery, type RealNode } from "../support/real-node.ts";
import { until } from "../support/until.ts";
import { complaintOf, Witness } from "./witness.ts";

export interface CutOptions {
  readonly cuts: number;
  readonly seed: number;
  readonly durability: "strict" | "relaxed";
}

export interface CutReport {
  readonly cuts: number;
  readonly acknowledged: number;
  readonly openKept: number;
  readonly live: number;
  readonly restartMsMax: number;
}

/** Time of writing before the cut, in ms. */
const writeMs = { min: 50, max: 800 };
const diskMiB = 256;

/** Throws at the first cut after which something acknowledged is missing or something else is there. */
export async function runPowerCuts(
  { cuts, seed, durability }: CutOptions,
  say: (line: string) => void,
): Promise<CutReport> {
  const nursery = new Nursery();
  const disk = new LoopDisk(nursery.folder, diskMiB);
  nursery.beforeRemoval(() => disk.release());
  const prng = new Prng(seed);
  const witness = new Witness();
  const start = async (): Promise<RealNode> => {
    disk.mount();
    return await nursery.start("cut", { dataDir: `${disk.path}/node`, flags: ["--durability", durability] });
  };
  let [openKept, restartMsMax] = [0, 0];
  try {
    let node = await start();
    for (let cut = 1; cut <= cuts; cut++) {
      const copy = await cutWhileWriting(node, disk, witness, `cut ${cut}`, prng);
      disk.unmount();
      disk.replaceBy(copy);
      node = await start();
      const verdict = witness.judge(await node.all());
      const complaint = complaintOf(verdict);
      if (complaint !== undefined)
        throw new Error(`after cut ${cut} of ${witness.acknowledged} acknowledged writes: ${complaint}`);
      openKept += verdict.openKept;
      restartMsMax = Math.max(restartMsMax, node.startMs);
      say(`cut ${cut}: ${witness.acknowledged} acknowledged, ${verdict.live} live keys, none lost`);
    }
    const { entries } = await node.status();
    await node.stop();
    return { cuts, acknowledged: witness.acknowledged, openKept, live: entries, restartMsMax };
  } finally {
    await nursery.end();
  }
}

/** Resolves with the image as the cut left it; the node is gone then. */
async function cutWhileWriting(
  node: RealNode,
  disk: LoopDisk,
  witness: Witness,
  name: string,
  prng: Prng,
): Promise<string> {
  const before = witness.acknowledged;
  const writing = witness.writeUntilGone(node, name);
  await until("the first write is acknowledged", () => witness.acknowledged > before, { everyMs: 1 });
  const cutAt = performance.now() + writeMs.min + prng.below(writeMs.max - writeMs.min);
  await until("it is time", () => performance.now() >= cutAt, { everyMs: 1 });
  node.process.signal("SIGSTOP");
  await until("every thread stands still", () => isStopped(node.process.pid), { everyMs: 1 });
  // Answers that were under way are still heard: they were given before the cut.
  const copy = disk.copyDevice();
  await node.kill();
  await writing;
  return copy;
}

function isStopped(pid: number): boolean {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.every((thread) => /\) T /.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8")));
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      cuts: { type: "string", default: "20" },
      seed: { type: "string", default: "1" },
      durability: { type: "string", default: "strict" },
    },
  });
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const missing = missingForLoopDisk();
  if (missing !== undefined) return say(`power cuts skipped: ${missing}`);
  const durability = values.durability === "relaxed" ? "relaxed" : "strict";
  const report = await runPowerCuts({ cuts: Number(values.cuts), seed: Number(values.seed), durability }, say);
  say(
    `power cut: ${report.cuts} cuts, seed ${values.seed}, durability ${durability}: ${report.acknowledged} acknowledged writes, 0 lost, 0 invented, ` +
      `0 batches torn; ${report.openKept} unanswered writes were durable; ${report.live} live keys; slowest restart ${Math.round(report.restartMsMax)} ms`,
  );
}

if (import.meta.main) {
  exitOnSignals();
  await main();
}
