/**
 * The three places a replica and its store can be, behind one interface. All run the product's own
 * replica, store, writer and verifier; only the threads differ.
 *
 * - `worker`: as the product is built. Replica and SQLite in one worker; inputs and effects of a
 *   turn cross by message.
 * - `overlay`: replica on the main thread; the write set of a turn is posted to a worker that
 *   commits it; reads of the replica see the committed state and what is still on its way.
 * - `main`: replica, SQLite and its sync of the disk on the main thread.
 */
import { randomBytes } from "node:crypto";
import { Worker } from "node:worker_threads";
import type { Incarnation, Instant, Time } from "../../src/base/brand.ts";
import type { ReplicaInput, WrittenOp } from "../../src/core/replica/inputs.ts";
import { newState } from "../../src/core/replica/new-state.ts";
import { Replica } from "../../src/core/replica/replica.ts";
import { ed25519Signer } from "../../src/crypto/ed25519.ts";
import { defaultConfig } from "../../src/config/settings.ts";
import { type DataFolder, openDataFolder } from "../../src/drivers/storage/data-folder.ts";
import { SqliteReader } from "../../src/drivers/storage/sqlite-reader.ts";
import { Verifier } from "../../src/drivers/system/verifier.ts";
import { memoryPlanOf, threadOptionsOf } from "../../src/node/node-options.ts";
import { ReplicaClient } from "../../src/node/replica-client.ts";
import { type OutwardEffect, runTurn } from "../../src/node/turn.ts";
import type { Store } from "../../src/ports/store.ts";
import { benchNetwork, cacheMiB, openBenchStore } from "./bench-store.ts";
import { OverlayStore } from "./overlay-store.ts";

export type EngineName = "worker" | "overlay" | "main";

export interface Engine {
  /** Resolves when the write is durable. */
  write(ops: readonly WrittenOp[]): Promise<unknown>;
  /** Resolves when the gossip message is judged: its batches are durable then. */
  hear(payload: Uint8Array): Promise<void>;
  read(key: string): unknown;
  close(): Promise<void>;
}

const pullEveryMs = 30_000;
const trieReplayOpsMin = 50_000;
const horizonDays = 30;
/** Source: the product's own bound. */
const inputsPerTurnMax = 256;

/** Matches verdicts on gossip to those who wait for them. */
class Verdicts {
  readonly #waiting = new Map<number, () => void>();
  #messages = 0;

  ask(payload: Uint8Array, tell: (input: ReplicaInput) => void): Promise<void> {
    return new Promise((resolve) => {
      const message = ++this.#messages;
      this.#waiting.set(message, resolve);
      tell({ type: "gossipReceived", message, from: "12D3KooWbench" as never, payload });
    });
  }

  take(effects: readonly OutwardEffect[]): void {
    for (const effect of effects) {
      if (effect.type !== "network" || effect.order.type !== "judge") continue;
      this.#waiting.get(effect.order.message)?.();
      this.#waiting.delete(effect.order.message);
    }
  }
}

/** In an empty folder; the caller removes it. */
export function openEngine(name: EngineName, path: string): Promise<Engine> {
  const folder = openDataFolder(path);
  switch (name) {
    case "worker":
      return openWorker(folder);
    case "overlay":
      return openOverlay(folder);
    case "main":
      return openMain(folder);
  }
}

async function openWorker(folder: DataFolder): Promise<Engine> {
  const verdicts = new Verdicts();
  const { storePath } = folder;
  const plan = memoryPlanOf(defaultConfig());
  const options = threadOptionsOf(defaultConfig(), folder, benchNetwork, plan, undefined);
  const client = await ReplicaClient.start(options, plan, {
    onEffects: (effects) => verdicts.take(effects),
    onTaken: () => undefined,
    onSpent: () => undefined,
    onFailure: fail,
  });
  const reader = new SqliteReader(storePath, cacheMiB);
  return {
    write: (ops) => client.ask({ type: "writeRequested", ops, wish: { type: "local" } }).then(expectWritten),
    hear: (payload) => verdicts.ask(payload, (input) => client.tell(input)),
    read: (key) => reader.get(key, Date.now() as Instant),
    async close() {
      reader.close();
      await client.close();
    },
  };
}

async function openOverlay({ storePath, identitySeed }: DataFolder): Promise<Engine> {
  const disk = new Worker(new URL("./disk-worker.ts", import.meta.url), { workerData: storePath });
  disk.on("error", fail);
  await new Promise((resolve) => disk.once("message", resolve));
  const store = new OverlayStore(openBenchStore(storePath), (turn) => disk.postMessage(turn, []));
  const waiting: { readonly turn: number; readonly effects: readonly OutwardEffect[] }[] = [];
  const loop = new MainLoop(store, identitySeed, (effects, wrote) => {
    if (wrote || waiting.length > 0) waiting.push({ turn: store.turn, effects });
    else loop.release(effects);
  });
  disk.on("message", (durable: number) => {
    store.forget(durable);
    while (waiting[0] !== undefined && waiting[0].turn <= durable) loop.release(waiting.shift()?.effects ?? []);
  });
  return engineOf(loop, storePath, async () => {
    const ended = new Promise((resolve) => disk.once("exit", resolve));
    disk.postMessage("close", []);
    await ended;
    store.close();
  });
}

async function openMain({ storePath, identitySeed }: DataFolder): Promise<Engine> {
  const store = openBenchStore(storePath);
  const loop: MainLoop = new MainLoop(store, identitySeed, (effects) => loop.release(effects));
  return engineOf(loop, storePath, async () => store.close());
}

function engineOf(loop: MainLoop, storePath: string, close: () => Promise<void>): Engine {
  const reader = new SqliteReader(storePath, cacheMiB);
  return {
    write: (ops) => loop.write(ops),
    hear: (payload) => loop.verdicts.ask(payload, (input) => loop.tell(input)),
    read: (key) => reader.get(key, Date.now() as Instant),
    close() {
      reader.close();
      return close();
    },
  };
}

/** The product's loop of turns, on the thread it is made in. */
class MainLoop {
  readonly verdicts = new Verdicts();
  readonly #store: Store;
  readonly #replica: Replica;
  readonly #verifier = new Verifier();
  readonly #onTurn: (effects: readonly OutwardEffect[], wrote: boolean) => void;
  readonly #waiting = new Map<number, (outcome: unknown) => void>();
  #queue: ReplicaInput[] = [];
  #isScheduled = false;
  #tickets = 0;

  constructor(
    store: Store,
    identitySeed: Uint8Array,
    onTurn: (effects: readonly OutwardEffect[], wrote: boolean) => void,
  ) {
    this.#store = store;
    this.#onTurn = onTurn;
    const signer = ed25519Signer(identitySeed);
    this.#replica = new Replica(
      {
        network: benchNetwork,
        signer,
        session: "00".repeat(8),
        agent: "bench",
        seed: 1,
        horizonDays,
        pullEveryMs,
        first: [],
        trieReplayOpsMin,
        cutOffMs: 10_000,
        banMsSteps: [1_000],
        exemptRanges: [],
        validators: [],
        outboundWanted: 0,
        exchange: false,
        usesRelays: false,
        routing: false,
        detector: { enabled: false, probeMs: 225 },
      },
      store,
      newState(randomBytes(8).toString("hex") as Incarnation, Date.now() as Instant),
    );
  }

  write(ops: readonly WrittenOp[]): Promise<unknown> {
    return new Promise((resolve) => {
      const ticket = ++this.#tickets;
      this.#waiting.set(ticket, resolve);
      this.tell({ type: "writeRequested", ticket, ops, wish: { type: "local" } });
    }).then(expectWritten);
  }

  tell(input: ReplicaInput): void {
    this.#queue.push(input);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#turn();
    });
  }

  /** Carries out what a durable turn ordered. */
  release(effects: readonly OutwardEffect[]): void {
    this.verdicts.take(effects);
    for (const effect of effects) {
      if (effect.type !== "answer") continue;
      this.#waiting.get(effect.ticket)?.(effect.outcome);
      this.#waiting.delete(effect.ticket);
    }
  }

  #turn(): void {
    const inputs = this.#queue.splice(0, inputsPerTurnMax);
    const { effects, wrote } = runTurn(this.#replica, this.#store, inputs, time, ({ ticket, checks }) => {
      this.#verifier.check(checks, (valid) => this.tell({ type: "verified", ticket, valid }));
    });
    this.#onTurn(effects, wrote);
    const next = this.#queue.shift();
    if (next === undefined) return;
    this.#queue.unshift(next);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#turn();
    });
  }
}

function time(): Time {
  return { wall: Date.now() as Instant, mono: performance.now() };
}

function expectWritten(outcome: unknown): void {
  if ((outcome as { type: string }).type !== "written")
    throw new Error(`a write was not taken: ${JSON.stringify(outcome)}`);
}

function fail(error: unknown): never {
  throw error;
}
