/**
 * kill -9 in the middle of writing, again and again on one data folder: whatever was acknowledged
 * is there after each restart, nothing else is, and the node agrees with a peer that was linked
 * all the time. The store is judged before the node is linked again, so that the peer cannot
 * repair what the node lost.
 *
 * On record: `node test/crash/kill-cycles.ts --cycles 200 --seed 1`.
 */
import { parseArgs } from "node:util";
import { Prng } from "../../src/base/prng.ts";
import { exitOnSignals, Nursery, type RealNode, untilConverged, untilMeshed } from "../support/real-node.ts";
import { until } from "../support/until.ts";
import { complaintOf, Witness } from "./witness.ts";

/** Time of writing before the kill, in ms. Guess: from the first commits to the first checkpoints. */
const writeMs = { min: 10, max: 300 };

export interface KillReport {
  readonly cycles: number;
  readonly acknowledged: number;
  /** Writes without an answer at the kill that turned out to be durable. */
  readonly openKept: number;
  readonly live: number;
  readonly restartMsMax: number;
}

/** Throws at the first cycle whose restart does not hold, with what was wrong. */
export async function runKillCycles(cycles: number, seed: number, say: (line: string) => void): Promise<KillReport> {
  const nursery = new Nursery();
  const prng = new Prng(seed);
  const witness = new Witness();
  let [openKept, live, restartMsMax] = [0, 0, 0];
  try {
    const peer = await nursery.start("peer");
    for (let cycle = 1; cycle <= cycles; cycle++) {
      const node = await nursery.start("victim");
      const verdict = await judged(node, witness, `cycle ${cycle}`);
      await node.dial(peer.address);
      await untilMeshed([node, peer]);
      const root = await untilConverged([node, peer], verdict.live, 30_000);
      await killWhileWriting(node, witness, `cycle ${cycle}`, prng);
      openKept += verdict.openKept;
      restartMsMax = Math.max(restartMsMax, node.startMs);
      if (cycle === cycles)
        say(
          `cycle ${cycle}: ${witness.acknowledged} acknowledged, ${verdict.live} live keys, root ${root.slice(0, 16)}`,
        );
    }
    const node = await nursery.start("victim");
    const last = await judged(node, witness, "the end");
    live = last.live;
    await node.dial(peer.address);
    await untilConverged([node, peer], last.live, 30_000);
    return { cycles, acknowledged: witness.acknowledged, openKept: openKept + last.openKept, live, restartMsMax };
  } finally {
    await nursery.end();
  }
}

async function judged(node: RealNode, witness: Witness, when: string): Promise<ReturnType<Witness["judge"]>> {
  const verdict = witness.judge(await node.all());
  const complaint = complaintOf(verdict);
  if (complaint !== undefined) throw new Error(`${when}: ${complaint}`);
  const { entries } = await node.status();
  if (entries !== verdict.live)
    throw new Error(`${when}: the status counts ${entries} entries, a scan finds ${verdict.live}`);
  return verdict;
}

async function killWhileWriting(node: RealNode, witness: Witness, name: string, prng: Prng): Promise<void> {
  const before = witness.acknowledged;
  const writing = witness.writeUntilGone(node, name);
  await until("the first write is acknowledged", () => witness.acknowledged > before, { everyMs: 1 });
  const killAt = performance.now() + writeMs.min + prng.below(writeMs.max - writeMs.min);
  await until("it is time", () => performance.now() >= killAt, { everyMs: 1 });
  await node.kill();
  await writing;
}

/** Rounds of so many cycles on a fresh folder, so that judging a store stays short. */
const cyclesPerRound = 25;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { cycles: { type: "string", default: "20" }, seed: { type: "string", default: "1" } },
  });
  const [cycles, seed, began] = [Number(values.cycles), Number(values.seed), performance.now()];
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const reports: KillReport[] = [];
  for (let done = 0; done < cycles; done += cyclesPerRound) {
    reports.push(await runKillCycles(Math.min(cyclesPerRound, cycles - done), seed + reports.length, say));
  }
  const sum = (field: "cycles" | "acknowledged" | "openKept"): number =>
    reports.reduce((all, each) => all + each[field], 0);
  const restart = Math.round(Math.max(...reports.map(({ restartMsMax }) => restartMsMax)));
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  say(
    `kill -9: ${sum("cycles")} cycles, seeds from ${seed}: ${sum("acknowledged")} acknowledged writes, 0 lost, 0 invented, 0 batches torn; ` +
      `${sum("openKept")} unanswered writes were durable; slowest restart ${restart} ms; ${seconds} s`,
  );
}

if (import.meta.main) {
  exitOnSignals();
  await main();
}
