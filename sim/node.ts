/**
 * One member of a world: what outlives its processes (identity, disk, clock, what was promised to
 * its users) and the process that runs now, if one does.
 */
import type { BatchId, Incarnation, Instant } from "../src/base/brand.ts";
import { toHex } from "../src/base/bytes.ts";
import type { Note } from "../src/core/notes.ts";
import type { Wish, WrittenOp } from "../src/core/replica/inputs.ts";
import type { SetSummary } from "../src/codec/frontier.ts";
import { LivingTrie } from "../src/core/replica/living-trie.ts";
import { newState } from "../src/core/replica/new-state.ts";
import { Replica } from "../src/core/replica/replica.ts";
import type { OutwardEffect } from "../src/node/turn.ts";
import type { NetworkEvent } from "../src/ports/network.ts";
import type { ParcelRow, StoreState, StoreWrite } from "../src/ports/store.ts";
import { spoiled } from "./canaries.ts";
import type { DiskFact, KeyChange, LivingFact } from "./checkers/facts.ts";
import { KeyHistory } from "./checkers/key-history.ts";
import { order, seen } from "./checkers/versions.ts";
import { Violation } from "./checkers/violation.ts";
import type { Identity } from "./identities.ts";
import { MemoryDisk } from "./memory-disk.ts";
import { type CommitFate, type MemoryStore, StoreFailure, createMemoryStore } from "./memory-store.ts";
import type { Port } from "./port.ts";
import { Process } from "./process.ts";
import type { Setting } from "./setting.ts";
import { WatchedStore } from "./store-shell.ts";
import { Users } from "./users.ts";

/** The year 2026: far enough from zero for floors and skews. */
const worldBegan = 1_790_000_000_000;
const horizonDays = 30;
/** Small, so that pages of the trie are written in small worlds, and starts replay the rest. */
const trieReplayOpsMin = 16;

export class SimNode {
  readonly index: number;
  readonly identity: Identity;
  readonly address: string;
  readonly disk: MemoryDisk = new MemoryDisk();
  readonly history: KeyHistory;
  /** Milliseconds this node's wall clock is ahead of true time. */
  skewMs = 0;
  /** Whether its clock was ever wrong enough that its users should repair it. */
  needsRepair = false;
  hasRepaired = false;
  process: Process | undefined;
  port: Port | undefined;
  onDied: () => void = () => undefined;
  readonly #setting: Setting;
  readonly #own = new Map<BatchId, readonly LivingFact[]>();
  readonly #users: Users;
  #store: MemoryStore | undefined;
  #processes = 0;
  #failed = false;
  /** Whether its disk was set up. */
  #isBorn = false;

  constructor(setting: Setting, index: number) {
    this.#setting = setting;
    this.index = index;
    this.identity = setting.identities.create(setting.prng);
    this.address = `/ip4/10.0.0.${index + 1}/tcp/4001/p2p/${this.identity.peer}`;
    this.history = new KeyHistory(index);
    this.#users = new Users(setting, this.history, this.#own, (holders, ops) => this.onShared(index, holders, ops));
  }

  get isUp(): boolean {
    return this.process !== undefined;
  }

  wall(): Instant {
    return Math.floor(worldBegan + this.#setting.queue.now + this.skewMs) as Instant;
  }

  start(addresses: readonly string[]): void {
    const { prng, network, networkId, options, recorder } = this.#setting;
    this.#processes += 1;
    this.#failed = false;
    recorder.event(this.#setting.queue.now, this.index, "start", `run ${this.#processes}`);
    this.history.check((key) => this.disk.fact(key), this.disk.living.keys());
    this.#store = createMemoryStore(this.disk, {
      fate: () => this.#fate(),
      durable: (changes) => this.#durable(changes),
    });
    const store = new WatchedStore(spoiled(this.#store, this.#setting.canary), (write) => this.#watch(write));
    const state = this.disk.state ?? newState(toHex(prng.bytes(8)) as Incarnation, this.wall());
    const session = toHex(prng.bytes(8));
    const replica = new Replica(
      {
        network: networkId,
        signer: this.identity.signer,
        session,
        agent: "sim",
        seed: prng.u32(),
        horizonDays,
        pullEveryMs: options.pullEveryMs,
        first: [],
        trieReplayOpsMin,
        cutOffMs: 10_000,
      },
      this.#store,
      state,
    );
    this.process = new Process(
      this.#setting,
      { node: this.index, replica, store, wall: () => this.wall() },
      {
        obey: (each) => this.port?.obey(each),
        carryOut: (effect) => this.#carryOut(effect),
        ended: (how) => this.#ended(how),
        isDiskFailure: (error) => error instanceof StoreFailure && this.#failed,
      },
    );
    this.port = network.plug({
      node: this.index,
      peer: this.identity.peer,
      address: this.address,
      hear: (event) => this.#hear(event),
    });
    if (this.disk.state === undefined) this.#writeFirstState(state);
    for (const address of addresses)
      this.process.give({ type: "candidateFound", address, peer: undefined, source: "static" });
  }

  /** The process dies now; `silently` as in a power cut, else the kernel says so to its peers. */
  crash(silently: boolean): void {
    if (this.process === undefined) return;
    const { recorder, queue, network } = this.#setting;
    recorder.event(queue.now, this.index, "crash", silently ? "power" : "kill");
    recorder.count("fault:crash");
    this.process.isAlive = false;
    this.#store?.crash();
    if (this.port !== undefined) network.unplug(this.port, silently);
    this.#users.processEnded(this.#processes);
    this.process = undefined;
    this.port = undefined;
    this.history.check((key) => this.disk.fact(key), this.disk.living.keys());
  }

  /** Asks the process to stop; it is gone a second later. */
  stop(): void {
    const process = this.process;
    if (process === undefined) return;
    process.give({ type: "stopRequested", ticket: this.#users.ask(this.#processes, 0) });
    this.#setting.queue.after(1_000, () => {
      if (this.process === process) this.crash(false);
    });
  }

  write(ops: readonly WrittenOp[], wish: Wish, isValid: boolean): void {
    const ticket = this.#users.askToWrite(this.#processes, { ops, wish, isValid });
    this.process?.give({ type: "writeRequested", ticket, ops, wish });
  }

  repairClock(): void {
    const incarnation = toHex(this.#setting.prng.bytes(8)) as Incarnation;
    this.process?.give({ type: "clockRepairRequested", ticket: this.#users.ask(this.#processes, 0), incarnation });
  }

  announce(address: string): void {
    this.process?.give({ type: "candidateFound", address, peer: undefined, source: "mdns" });
  }

  fact(): DiskFact {
    const living = [...this.history.living.values()];
    const { values } = this.disk.state ?? newState("" as Incarnation, this.wall());
    const summary = this.process?.summary() ?? this.#summaryOnDisk();
    return {
      node: this.index,
      living,
      count: summary.count,
      fingerprint: toHex(summary.fingerprint),
      values,
      storedOps: this.disk.storedOps(),
      storedBatches: this.disk.batches.size,
    };
  }

  /** What the next process will say of the set, from the pages of the trie on this disk. */
  #summaryOnDisk(): SetSummary {
    return new LivingTrie(createMemoryStore(this.disk), trieReplayOpsMin).summary();
  }

  /** Whether this disk has everything of a batch, or something newer. */
  holds(ops: readonly LivingFact[]): boolean {
    return ops.every((fact) => {
      const held = this.history.living.get(fact.key);
      return held !== undefined && order(seen(held), seen(fact)) >= 0;
    });
  }

  /** Told of each answer to a shared write, with the operations that were shared. */
  onShared: (node: number, holders: readonly string[], ops: readonly LivingFact[]) => void = () => undefined;

  #hear(event: NetworkEvent): void {
    const isDeaf = this.#setting.canary === "isDeaf" && this.index === 1;
    if (
      isDeaf &&
      (event.type === "gossipReceived" || (event.type === "frameReceived" && event.protocol === "frontier"))
    )
      return;
    this.process?.give(event);
  }

  #carryOut(effect: Exclude<OutwardEffect, { type: "network" }>): void {
    const { recorder, queue } = this.#setting;
    switch (effect.type) {
      case "note":
        recorder.count(`note:${effect.note.type}`);
        return this.#note(effect.note);
      case "penalise":
        recorder.count(`penalised:${effect.reason}`);
        return this.#blame(effect.peer, effect.reason);
      case "answer":
        recorder.event(queue.now, this.index, "answer", `${effect.ticket} ${effect.outcome.type}`);
        if (effect.outcome.type === "repaired") this.#repaired();
        return this.#users.answered(this.#processes, effect.ticket, effect.outcome);
    }
  }

  #note(note: Note): void {
    if (note.type === "goodbye" && note.by === "us" && note.code === "protocolViolation")
      this.#blame(note.peer, note.reason);
  }

  #blame(peer: string, reason: string): void {
    if (!this.#setting.isHonest(peer)) return;
    throw new Violation("8 the innocent are not blamed", `an honest peer is blamed: ${reason}`, {
      node: this.index,
      peer,
    });
  }

  #repaired(): void {
    this.hasRepaired = true;
    this.needsRepair = false;
  }

  /** Keeps what this node itself puts into its batches. */
  #watch(write: StoreWrite): void {
    if (write.type !== "merge") return;
    const { parcel } = write;
    if (this.disk.batches.has(parcel.batch)) this.#setting.recorder.count("store:mergedAgain");
    const isOwn = parcel.author === this.identity.signer.author && parcel.ops.length === parcel.opsCount;
    if (!isOwn || this.#own.has(parcel.batch)) return;
    this.#setting.signed.made(
      parcel.signedHeader,
      parcel.ops.map(({ bytes }) => bytes),
    );
    this.#own.set(parcel.batch, factsOf(parcel));
  }

  #durable(changes: readonly KeyChange[]): void {
    const isRepair = this.process?.isRepairing === true;
    for (const change of changes) {
      if (change.after !== undefined) this.#setting.signed.check(this.index, change.after);
      this.history.changed(change, isRepair);
      this.#setting.model.changed(this.index, change, isRepair);
    }
  }

  #fate(): CommitFate {
    const { prng, options, recorder, isFaulty } = this.#setting;
    if (!isFaulty() || !this.#isBorn || !prng.chance(options.commitFailure)) return "durable";
    this.#failed = true;
    recorder.count("fault:commit");
    return prng.chance(0.5) ? "failsLost" : "failsDurable";
  }

  #ended(how: "powerCut" | "diskFailed"): void {
    this.#setting.recorder.count(`fault:${how}`);
    this.crash(how === "powerCut");
    this.onDied();
  }

  #writeFirstState(state: StoreState): void {
    const store = this.#store as MemoryStore;
    store.begin();
    store.apply({ type: "setState", state });
    store.commit();
    this.#isBorn = true;
  }
}

function factsOf({ batch, signedHeader, ops }: ParcelRow): readonly LivingFact[] {
  return ops.map(({ op, index, bytes }) => ({ key: op.key, batch, index, signedHeader, opBytes: bytes }));
}
