/**
 * Measures one variant in a process of its own: puts at a steady pace, as many single puts and
 * batches as it takes, and batches of another writer arriving by gossip. Beside each it records
 * how late the main thread's event loop ran: that is where libp2p, HTTP and people are served.
 */
import { randomBytes } from "node:crypto";
import { type ELDHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import type { Incarnation, Stamp } from "../../src/base/brand.ts";
import { encodeGossip } from "../../src/codec/gossip.ts";
import { makeBatch } from "../../src/core/data/batch.ts";
import { ed25519Signer } from "../../src/crypto/ed25519.ts";
import { nowMs, pause, until } from "../clock.ts";
import { percentile } from "../statistics.ts";
import { workEntries } from "../workload.ts";
import { benchNetwork } from "./bench-store.ts";
import { type Engine, type EngineName, openEngine } from "./engines.ts";

export interface Found {
  readonly name: string;
  /** Entries a second. */
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  /** Delay of the event loop in ms; a timer of 1 ms, so 1 is none. */
  readonly loopP99: number;
  readonly loopMax: number;
}

export interface Work {
  /** Empty; whoever asks removes it. */
  readonly folder: string;
  readonly variant: EngineName;
  readonly paced: number;
  readonly singles: number;
  readonly batches: number;
}

const pacedEveryMs = 4;
const singlesInFlight = 256;
const batchesInFlight = 4;
const batchOps = 1_000;

async function measure({ folder, variant, paced, singles, batches }: Work): Promise<readonly Found[]> {
  const engine = await openEngine(variant, folder);
  try {
    const gossip = gossipMessages(batches);
    await warmUp(engine);
    return [
      await idle(),
      ...(await pacedPutsAndReads(engine, paced)),
      await flood("single puts, 256 under way", 1, singlesInFlight, putsOf("singles", singles), (ops) =>
        engine.write(ops),
      ),
      await flood("batches of 1,000, 4 under way", batchOps, batchesInFlight, batchesOf("batches", batches), (ops) =>
        engine.write(ops),
      ),
      await flood("gossip of batches of 1,000", batchOps, batchesInFlight, gossip, (payload) => engine.hear(payload)),
    ];
  } finally {
    await engine.close();
  }
}

type Op = { readonly type: "put"; readonly key: string; readonly value: Uint8Array; readonly ttlSeconds: undefined };

function putsOf(set: string, count: number): readonly (readonly Op[])[] {
  return workEntries(set, count).map((entry) => [{ type: "put", ...entry, ttlSeconds: undefined }]);
}

function batchesOf(set: string, count: number): readonly (readonly Op[])[] {
  return Array.from({ length: count }, (_, number) => putsOf(`${set}-${number}`, batchOps).flat());
}

/** Signed batches of a writer that is not this node. */
function gossipMessages(count: number): readonly Uint8Array[] {
  const signer = ed25519Signer(randomBytes(32));
  const incarnation = randomBytes(8).toString("hex") as Incarnation;
  return batchesOf("gossip", count).map((ops, index) => {
    const numbers = {
      network: benchNetwork,
      incarnation,
      sequence: index + 1,
      stamp: (Date.now() * 1000 + index) as Stamp,
    };
    const plain = ops.map(
      ({ key, value }) =>
        ({ key, content: { type: "value", value }, ttlSeconds: undefined, replaces: undefined }) as const,
    );
    const made = makeBatch(plain, numbers, signer);
    if (!made.ok) throw new Error(made.code);
    return encodeGossip([made.value.bytes]);
  });
}

async function warmUp(engine: Engine): Promise<void> {
  await Promise.all(putsOf("warm", 2_000).map((ops) => engine.write(ops)));
}

/** What the measurement itself makes of an idle loop. */
async function idle(): Promise<Found> {
  const loop = watchLoop();
  await pause(1_000);
  return { name: "nothing", rate: 0, p50: 0, p99: 0, ...delaysOf(loop) };
}

/** A put every 4 ms, and with each a point read; both count from when they were due. */
async function pacedPutsAndReads(engine: Engine, count: number): Promise<readonly Found[]> {
  const puts = putsOf("paced", count);
  const reads: number[] = [];
  const writes: Promise<number>[] = [];
  const loop = watchLoop();
  const begin = nowMs() + pacedEveryMs;
  for (const [number, ops] of puts.entries()) {
    const dueAt = begin + number * pacedEveryMs;
    await until(dueAt);
    writes.push(engine.write(ops).then(() => nowMs() - dueAt));
    engine.read(puts[Math.max(0, number - 100)]?.[0]?.key ?? "");
    reads.push(nowMs() - dueAt);
  }
  const latencies = await Promise.all(writes);
  const delays = delaysOf(loop);
  const found = (name: string, samples: readonly number[]): Found => ({
    name,
    rate: 1000 / pacedEveryMs,
    p50: percentile(samples, 0.5),
    p99: percentile(samples, 0.99),
    ...delays,
  });
  return [found("a put every 4 ms", latencies), found("and with it a read", reads)];
}

async function flood<Work>(
  name: string,
  entries: number,
  inFlight: number,
  work: readonly Work[],
  act: (work: Work) => Promise<unknown>,
): Promise<Found> {
  const samples: number[] = [];
  let next = 0;
  const actOn = async (): Promise<void> => {
    while (next < work.length) {
      const at = nowMs();
      await act(work[next++] as Work);
      samples.push(nowMs() - at);
    }
  };
  const loop = watchLoop();
  const begunAt = nowMs();
  await Promise.all(Array.from({ length: inFlight }, actOn));
  const ms = nowMs() - begunAt;
  return {
    name,
    rate: ((work.length * entries) / ms) * 1000,
    p50: percentile(samples, 0.5),
    p99: percentile(samples, 0.99),
    ...delaysOf(loop),
  };
}

function watchLoop(): ELDHistogram {
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  return loop;
}

function delaysOf(loop: ELDHistogram): { readonly loopP99: number; readonly loopMax: number } {
  loop.disable();
  return { loopP99: loop.percentile(99) / 1e6, loopMax: loop.max / 1e6 };
}

process.once("message", (work: Work) => {
  void measure(work).then((found) => {
    process.send?.(found);
    process.disconnect();
  });
});
