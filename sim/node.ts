/**
 * One member of a world: what outlives its processes (identity, disk, clock, what was promised to
 * its users) and the process that runs now, if one does.
 */
import type { Incarnation, Instant } from "../src/base/brand.ts";
import { toHex } from "../src/base/bytes.ts";
import type { IpRange } from "../src/base/ip-range.ts";
import type { Note } from "../src/core/notes.ts";
import type { Wish, WrittenOp } from "../src/core/replica/inputs.ts";
import type { SetSummary } from "../src/codec/frontier.ts";
import { LivingTrie } from "../src/core/replica/living-trie.ts";
import { trieReplayOpsMin } from "../src/core/replica/limits.ts";
import { loneStaleMs } from "../src/core/data/limits.ts";
import { newState } from "../src/core/replica/new-state.ts";
import { Replica } from "../src/core/replica/replica.ts";
import type { OutwardEffect } from "../src/node/turn.ts";
import { programVersion } from "../src/node/version.ts";
import type { NetworkEvent } from "../src/ports/network.ts";
import type { StoreState } from "../src/ports/store.ts";
import { spoiled } from "./canaries.ts";
import type { DiskFact, LivingFact } from "./checkers/facts.ts";
import { KeyHistory } from "./checkers/key-history.ts";
import { order, seen } from "./checkers/versions.ts";
import { Violation } from "./checkers/violation.ts";
import { SimClock, worldBegan } from "./clock.ts";
import { DiskFaults } from "./disk-faults.ts";
import { FaultyStore } from "./faulty-store.ts";
import type { Identity } from "./identities.ts";
import type { MemoryDisk } from "./memory-disk.ts";
import { type MemoryStore, createMemoryStore } from "./memory-store.ts";
import type { Scenario } from "./options.ts";
import type { Port } from "./port.ts";
import { Process } from "./process.ts";
import type { Setting } from "./setting.ts";
import { WatchedStore } from "./store-shell.ts";
import { TurnWatch } from "./turn-watch.ts";
import { Users } from "./users.ts";

const dayMs = 86_400_000;
/** Small, so that pages of the trie are written in small worlds, and starts replay the rest. */
const trieReplayOpsMinSmall = 16;
/** All nodes of a world are neighbours. */
const simulatedNet: IpRange = { ip: [10, 0, 0, 0], bits: 8 };
/** Short, so that a hostile peer comes back and goes on. */
const banMs = 1_000;
/** Worlds to measure with do as production does. */
const measured: ReadonlySet<Scenario> = new Set<Scenario>(["steady", "thousand", "hubs"]);

/** A write its user was told is shared. */
export interface Shared {
  readonly holders: readonly string[];
  readonly ops: readonly LivingFact[];
  readonly askedAt: number;
}

/** What all simulated nodes have in common. */
const simulatedOptions = {
  first: [],
  cutOffMs: 10_000,
  banMsSteps: [banMs],
  exemptRanges: [simulatedNet],
  validators: [],
  outboundWanted: 0,
  exchange: false,
  usesRelays: false,
  routing: true,
};

export class SimNode {
  readonly index: number;
  readonly identity: Identity;
  readonly address: string;
  readonly history: KeyHistory;
  readonly clock: SimClock;
  readonly diskFaults: DiskFaults;
  disk: MemoryDisk;
  hasRepaired = false;
  /** When its disk lost what was durable on it. */
  lostAt: number = -Infinity;
  /** A bit of its disk is not what was written; or was not, once. */
  isDamaged = false;
  wasDamaged = false;
  /** It was away for so long that others may have forgotten what it holds. */
  wasAway = false;
  /** It is not started before. */
  absentUntil: number = -Infinity;
  /** When its disk was set up. */
  bornAt: number = 0;
  process: Process | undefined;
  port: Port | undefined;
  onDied: () => void = () => undefined;
  readonly #setting: Setting;
  readonly #users: Users;
  readonly #watch: TurnWatch;
  #store: MemoryStore | undefined;
  #processes = 0;
  #births = 0;

  constructor(setting: Setting, index: number) {
    this.#setting = setting;
    this.index = index;
    this.identity = setting.identities.create(setting.prng);
    this.address = `/ip4/10.0.0.${index + 1}/tcp/4001/p2p/${this.identity.peer}`;
    this.history = new KeyHistory(index, setting.horizon);
    this.clock = new SimClock(setting.queue);
    this.diskFaults = new DiskFaults(setting, index);
    this.disk = this.diskFaults.emptyDisk();
    this.#watch = new TurnWatch(setting, this.identity, this.history, this);
    this.#users = new Users(setting, this.history, this.#watch.own, (holders, ops, askedAt) =>
      this.onShared(index, { holders, ops, askedAt }),
    );
    setting.writers.isHonest(this.identity.signer.author);
  }

  /**
   * Until then it takes old entries from anybody; in a world younger than the horizon there are none. Behind half the
   * horizon it is stale, and where nobody else is current it waits before it believes that.
   */
  get isYoung(): boolean {
    const { queue, options } = this.#setting;
    const youngMs = options.horizonMs / 2 + options.slackMs + loneStaleMs + (this.isReborn ? 2 * loneStaleMs : 0);
    return queue.now > options.horizonMs && queue.now - this.bornAt < youngMs;
  }

  /** Its disk was emptied once, so it takes from others what they hold, however old. */
  get isReborn(): boolean {
    return this.#births > 1;
  }

  get isUp(): boolean {
    return this.process !== undefined;
  }

  /** Virtual time since the world began. */
  get worldMs(): number {
    return this.#setting.queue.now;
  }

  wall(): Instant {
    return this.clock.wall();
  }

  start(addresses: readonly string[]): void {
    const { prng, network, networkId, options, recorder } = this.#setting;
    this.#processes += 1;
    recorder.event(this.#setting.queue.now, this.index, "start", `run ${this.#processes}`);
    this.history.check((key) => this.disk.fact(key), this.disk.living.keys());
    const { disk, diskFaults } = this;
    diskFaults.begin(disk);
    this.#store = createMemoryStore(disk, {
      fate: () => {
        const fate = diskFaults.fate(disk);
        if (fate === "failsLost") this.#watch.forget();
        return fate;
      },
      durable: (changes) => this.#watch.durable(changes, this.process?.isRepairing === true),
    });
    const watched = new WatchedStore(spoiled(this.#store, this.#setting.canary), (write) =>
      this.#watch.write(write, disk),
    );
    const store = new FaultyStore(watched, diskFaults);
    const state = this.disk.state ?? newState(toHex(prng.bytes(8)) as Incarnation, this.wall());
    const session = toHex(prng.bytes(8));
    const replica = new Replica(
      {
        network: networkId,
        signer: this.identity.signer,
        session,
        agent: `p2p-sync/${programVersion}`,
        seed: prng.u32(),
        trieReplayOpsMin: measured.has(options.scenario) ? trieReplayOpsMin : trieReplayOpsMinSmall,
        horizonDays: options.horizonMs / dayMs,
        pullEveryMs: options.pullEveryMs,
        ...simulatedOptions,
        detector: { enabled: options.detector, probeMs: 225 },
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
        isDiskFailure: (error) => diskFaults.hasFailed(error),
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
    this.process.isAlive = false;
    this.#store?.crash();
    this.#watch.forget();
    if (this.port !== undefined) network.unplug(this.port, silently);
    this.#users.processEnded(this.#processes);
    this.process = undefined;
    this.port = undefined;
    if (silently && !this.isDamaged && this.diskFaults.losesUnsynced(this.disk)) this.#lost();
    this.history.check((key) => this.disk.fact(key), this.disk.living.keys());
  }

  /** Asks the process to stop; it is gone a second later. */
  stop(): void {
    const process = this.process;
    if (process === undefined) return;
    const { queue, tickets } = this.#setting;
    process.give({ type: "stopRequested", ticket: this.#users.ask(this.#processes, 0) });
    const askedAt = queue.now;
    queue.after(1_000, () => {
      if (this.process !== process) return;
      if (process.isPrompt && !tickets.hasAnswered(this.index, this.#processes, askedAt))
        throw new Violation("5 every question is answered once", "a clean stop leaves a question without an answer", {
          node: this.index,
        });
      this.crash(false);
    });
  }

  /** Another disk is put in while no process runs: an empty one, or an older copy of this one. */
  changeDisk(disk: MemoryDisk): void {
    const { writers, frontiers } = this.#setting;
    if (this.disk.state !== undefined)
      frontiers.lost(writers.lost(this.identity.signer.author, this.disk.state.incarnation));
    this.disk = disk;
    this.isDamaged = false;
    this.#lost();
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
      root: toHex(summary.root),
      values,
      storedOps: this.disk.storedOps(),
      storedBatches: this.disk.batches.size,
    };
  }

  /** What the next process will say of the set, from the pages of the trie on this disk. */
  #summaryOnDisk(): SetSummary {
    return new LivingTrie(createMemoryStore(this.disk), trieReplayOpsMinSmall).summary();
  }

  /** Whether this disk has everything of a batch, or something newer. */
  holds(ops: readonly LivingFact[]): boolean {
    return ops.every((fact) => {
      const held = this.history.living.get(fact.key);
      return held !== undefined && order(seen(held), seen(fact)) >= 0;
    });
  }

  /** Told of each answer to a shared write, with the operations that were shared. */
  onShared: (node: number, shared: Shared) => void = () => undefined;

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
      case "viewWanted": {
        const words = { cause: "connected", conclusion: "It is a member like others.", next: "Nothing to do." };
        return this.process?.give({ type: "viewGiven", number: effect.number, ...words });
      }
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
    if (this.#setting.wasDamaged(peer)) return this.#setting.recorder.count("damage:refusedByPeer");
    throw new Violation("8 the innocent are not blamed", `an honest peer is blamed: ${reason}`, {
      node: this.index,
      peer,
    });
  }

  #repaired(): void {
    this.hasRepaired = true;
    this.clock.needsRepair = false;
  }

  #lost(): void {
    const left = this.disk.facts();
    this.history.lost(left);
    this.#setting.model.lost(this.index, left, worldBegan + this.#setting.queue.now);
    this.lostAt = this.#setting.queue.now;
  }

  #ended(how: "powerCut" | "diskFailed"): void {
    if (how === "powerCut") this.#setting.recorder.count("fault:turnCrash");
    this.crash(how === "powerCut");
    this.onDied();
  }

  #writeFirstState(state: StoreState): void {
    const store = this.#store as MemoryStore;
    store.begin();
    store.apply({ type: "setState", state });
    store.commit();
    this.diskFaults.isBorn = true;
    this.bornAt = this.#setting.queue.now;
    this.#births += 1;
  }
}
