/**
 * A world: honest nodes running the production replica, perhaps hostile peers, a faulty network.
 *
 * Two phases, as in TigerBeetle's simulator: first everything may go wrong while users write, and
 * no promise may break; then all is healed, users rest, and within a bounded time every honest node
 * must hold exactly what an independent merge of all accepted writes says.
 */
import type { NetworkId } from "../src/base/brand.ts";
import { toHex } from "../src/base/bytes.ts";
import { Prng } from "../src/base/prng.ts";
import type { Canary } from "./canaries.ts";
import { Forgotten } from "./checkers/forgotten.ts";
import { Horizon } from "./checkers/horizon.ts";
import type { DiskFact } from "./checkers/facts.ts";
import { Frontiers } from "./checkers/frontiers.ts";
import { Model, checkSpace, checkSummaries } from "./checkers/model.ts";
import { seen } from "./checkers/versions.ts";
import { checkPassedOn } from "./checkers/passed-on.ts";
import { SignedBatches } from "./checkers/signed-batches.ts";
import { Tickets } from "./checkers/tickets.ts";
import { Violation } from "./checkers/violation.ts";
import { Writers } from "./checkers/writers.ts";
import { worldBegan } from "./clock.ts";
import { EventQueue } from "./event-queue.ts";
import { scheduleAbsences } from "./faults/away.ts";
import { scheduleFaults } from "./faults/schedule.ts";
import type { Faulted } from "./faults/strike.ts";
import { Hostile } from "./hostile.ts";
import { Identities } from "./identities.ts";
import { Network } from "./network.ts";
import { Newer } from "./newer.ts";
import { type Shared, SimNode } from "./node.ts";
import type { WorldOptions } from "./options.ts";
import type { Recorder } from "./recorder.ts";
import type { Setting } from "./setting.ts";
import { Truth } from "./truth.ts";
import { writeSomething, writeTies } from "./workload.ts";

const checkEveryMs = 2_000;
const announceEveryMs = 20_000;
const repairEveryMs = 45_000;
/** Share of starts after which users write at once, and within how long. */
const eagerShare = 0.8;
const eagerMsMax = 300;
/** Looks at a world at rest, if the floor moves just when it is looked at. */
const floorStepsMax = 3;
/** Events one world may take; more means that something turns in a circle. */
const eventsMax = 5_000_000;

export interface WorldResult {
  /** Virtual time it all took, in ms. */
  readonly virtualMs: number;
  readonly events: number;
  /** Virtual time from healing to convergence. */
  readonly convergedAfterMs: number;
  readonly entries: number;
  readonly busiest: { readonly links: number; readonly frames: number; readonly bytes: number };
}

export class World implements Faulted {
  readonly nodes: readonly SimNode[];
  readonly setting: Setting;
  readonly #hostiles: readonly Hostile[];
  readonly #newer: readonly Newer[];
  readonly #truth: Truth;
  readonly #forgotten: Forgotten;
  readonly #prng: Prng;

  constructor(options: WorldOptions, recorder: Recorder, canary: Canary | undefined) {
    this.#prng = new Prng(options.seed);
    this.setting = createSetting(
      options,
      recorder,
      canary,
      this.#prng,
      () => this.nodes,
      () => this.#hostiles,
    );
    this.nodes = Array.from({ length: options.nodes }, (_, index) => new SimNode(this.setting, index));
    this.#hostiles = Array.from(
      { length: options.hostiles },
      (_, index) => new Hostile(this.setting, options.nodes + index, this.nodes),
    );
    this.#newer = Array.from(
      { length: options.newer },
      (_, index) => new Newer(this.setting, options.nodes + options.hostiles + index, this.nodes),
    );
    for (const node of this.nodes) {
      node.clock.skewMs = Math.round((2 * this.#prng.unit() - 1) * options.skewMsMax);
      if (node.clock.skewMs !== 0) recorder.count("fault:skew");
      node.onDied = () => this.setting.queue.after(100 + this.#prng.unit() * 10_000, () => this.start(node));
      node.onShared = (writer, shared) => this.#checkShared(writer, shared);
    }
    this.#truth = new Truth(this.setting);
    this.#forgotten = new Forgotten(this.setting.horizon);
    this.setting.network.onPassedOn = (node, payload) => {
      const { horizon, queue } = this.setting;
      const { living } = (this.nodes[node] as SimNode).history;
      checkPassedOn(node, payload, living, horizon, worldBegan + queue.now);
    };
    this.setting.network.onOversized = (node, protocol, bytes) => this.#oversized(node, protocol, bytes);
  }

  run(): WorldResult {
    const { queue, options, recorder } = this.setting;
    this.nodes.forEach((node, index) => {
      const isLate = index >= options.nodes - options.lateNodes;
      if (isLate) recorder.count("fault:lateJoiner");
      queue.at(isLate ? options.chaosMs * this.#prng.unit() : this.#prng.unit() * 1_000, () => this.start(node));
    });
    for (const hostile of this.#hostiles) hostile.begin();
    for (const newer of this.#newer) newer.begin();
    scheduleFaults(this.setting, this, options.chaosMs);
    scheduleAbsences(this.setting, this);
    this.#scheduleUsers();
    this.#scheduleAnnouncements();
    for (let at = checkEveryMs; at < options.chaosMs; at += checkEveryMs) this.#advance(at);
    this.#advance(options.chaosMs);
    const healedAt = queue.now;
    if (options.healsCoreFirst && options.nodes > 2) this.#healCore();
    this.#goOnWithout(this.nodes.filter(({ absentUntil }) => queue.now < absentUntil));
    this.#heal(this.nodes);
    this.#converge(this.nodes);
    const convergedAfterMs = queue.now - healedAt;
    this.#rest();
    const { now, ran } = queue;
    return {
      virtualMs: now,
      events: ran,
      convergedAfterMs,
      entries: this.setting.model.expected().size,
      busiest: this.#busiest(),
    };
  }

  /** Users do not wait until their node has found others. */
  start(node: SimNode): void {
    if (node.isUp) return;
    const { queue, options, network } = this.setting;
    if (queue.now < node.absentUntil) return;
    node.start(this.#neighbours(node.index));
    if (!network.isFaulty || queue.now === 0 || !this.#prng.chance(eagerShare)) return;
    for (let write = 0; write < options.eagerWrites; write++)
      queue.after(this.#prng.unit() * eagerMsMax, () => {
        if (node.isUp && network.isFaulty) writeSomething(node, options, this.#prng);
      });
  }

  #neighbours(index: number): readonly string[] {
    const { edges, bothDial } = this.setting.options;
    const dialed = edges.flatMap(([a, b]) => (b === index ? [a] : bothDial && a === index ? [b] : []));
    return dialed.map((each) => (this.nodes[each] as SimNode).address);
  }

  #scheduleUsers(): void {
    const { queue, options, recorder } = this.setting;
    const next = (): void => {
      if (queue.now >= options.chaosMs) return;
      const up = this.nodes.filter(({ isUp }) => isUp);
      if (up.length > 1 && this.#prng.chance(options.tieShare)) {
        recorder.count("fault:tie");
        writeTies(up, options, this.#prng);
      } else if (up.length > 0) recorder.count("puts", writeSomething(this.#prng.pick(up), options, this.#prng));
      queue.after(this.#prng.unit() * 2 * options.writeEveryMs, next);
    };
    queue.at(500, next);
  }

  #scheduleAnnouncements(): void {
    const { queue, options } = this.setting;
    if (!options.mdns) return;
    const announce = (): void => {
      for (const node of this.nodes) for (const address of this.#neighbours(node.index)) node.announce(address);
      queue.after(announceEveryMs, announce);
    };
    queue.after(announceEveryMs, announce);
  }

  #advance(time: number): void {
    const { queue, tickets } = this.setting;
    queue.runUntil(time);
    if (queue.ran > eventsMax)
      throw new Violation("6 nothing grows without bound", "the world never rests", { events: queue.ran });
    tickets.check(queue.now);
    const facts = this.nodes.map((node) => node.fact());
    checkSummaries(facts.filter(({ node }) => this.nodes[node]?.isDamaged !== true)); // a turned bit shows in the root
    facts.forEach(checkSpace);
    this.#checkForgotten(facts);
  }

  /** Whoever runs for a while, and is no new member, has forgotten what was due. */
  #checkForgotten(facts: readonly DiskFact[]): void {
    const { horizon, queue } = this.setting;
    for (const fact of facts) {
      const { process, isYoung } = this.nodes[fact.node] as SimNode;
      const isReady = process?.isPrompt === true && queue.now - process.startedAt > horizon.slackMs && !isYoung;
      if (isReady) this.#forgotten.check(fact, worldBegan + queue.now);
    }
  }

  /** Those who are absent for longer than the storms last are not waited for: the others converge without them. */
  #goOnWithout(absent: readonly SimNode[]): void {
    if (this.setting.options.scenario !== "hubs" || absent.length === 0) return;
    const present = this.nodes.filter((node) => !absent.includes(node));
    this.#heal(present);
    this.#converge(present);
    this.setting.recorder.count("world:wentOnWithout", absent.length);
    this.setting.queue.runUntil(Math.max(...absent.map(({ absentUntil }) => absentUntil)));
  }

  /** What the node that sent most sent. */
  #busiest(): WorldResult["busiest"] {
    const sent = this.nodes.map(({ index }) => {
      const frames = Object.values(this.setting.network.traffic.of(index).frames);
      return {
        links: this.setting.options.edges.filter((edge) => edge.includes(index)).length,
        frames: frames.reduce((sum, each) => sum + each.frames, 0),
        bytes: frames.reduce((sum, each) => sum + each.bytes, 0),
      };
    });
    return sent.reduce((most, each) => (each.bytes > most.bytes ? each : most));
  }

  /** A connected part is healed; the others are dead or cut off, and it has to do without them. */
  #healCore(): void {
    const { recorder, network, prng } = this.setting;
    const core = drawCore(this.setting.options, prng).map((index) => this.nodes[index] as SimNode);
    const rest = this.nodes.filter((node) => !core.includes(node));
    recorder.count("fault:coreOnly");
    recorder.event(this.setting.queue.now, "world", "core", core.map(({ index }) => index).join(" "));
    for (const node of rest) {
      if (prng.chance(0.5)) node.crash(true);
      for (const { index } of core) {
        network.cut(node.index, index);
        network.cut(index, node.index);
      }
    }
    this.#heal(core);
    this.#converge(core);
  }

  /** What is wrong with these nodes and between them ends. */
  #heal(nodes: readonly SimNode[]): void {
    const { queue, network, recorder } = this.setting;
    recorder.event(queue.now, "world", "heal", nodes.map(({ index }) => index).join(" "));
    const healed = new Set(nodes.map(({ index }) => index));
    network.healAll((node) => healed.has(node) || node >= this.nodes.length);
    for (const hostile of this.#hostiles) hostile.leave();
    for (const newer of this.#newer) newer.leave();
    for (const node of nodes) {
      node.clock.set();
      node.diskFaults.fullUntil = -Infinity;
      if (node.isDamaged) {
        node.crash(false);
        node.changeDisk(node.diskFaults.emptyDisk());
      }
      this.start(node);
    }
    const repair = (): void => {
      for (const node of nodes) if (node.clock.needsRepair) node.repairClock();
      queue.after(repairEveryMs, repair);
    };
    repair();
  }

  #converge(nodes: readonly SimNode[]): void {
    const { queue, options } = this.setting;
    const healedAt = queue.now;
    for (;;) {
      this.#advance(queue.now + 1_000);
      const isRepaired = nodes.every(({ clock }) => !clock.needsRepair);
      const difference = isRepaired ? this.#truth.difference(nodes) : "a clock is never repaired";
      if (difference === undefined) break;
      if (queue.now - healedAt < options.quietMsMax) continue;
      throw new Violation("9 the healed network converges", difference, { quietMs: options.quietMsMax });
    }
    for (const node of nodes) node.history.check((key) => node.disk.fact(key), node.disk.living.keys());
  }

  /** Every question has its answer after a while, every message its verdict, and nothing moves any more. */
  #rest(): void {
    const { queue, options } = this.setting;
    this.#advance(queue.now + options.restMs);
    let later = this.#truth.difference(this.nodes);
    for (let time = 1; later !== undefined && time <= floorStepsMax; time++) {
      this.#advance(queue.now + 300); // the floor may just have moved on some of them
      later = this.#truth.difference(this.nodes);
    }
    if (later !== undefined && this.#hostiles.length === 0)
      throw new Violation("9 the healed network converges", `what was equal drifted apart: ${later}`);
    for (const { index, port } of this.nodes) {
      if ((port?.unjudged ?? 0) === 0) continue;
      const facts = { node: index, messages: port?.unjudged };
      throw new Violation("5 every question is answered once", "gossip messages wait for a verdict", facts);
    }
  }

  #checkShared(writer: number, { holders, ops, askedAt }: Shared): void {
    // A writer whose disk went back gives numbers twice, and takes what is told of the old batch for the new one.
    if (ops.some((op) => this.setting.writers.isExcused(seen(op).header.author, seen(op).header.incarnation))) return;
    for (const node of this.nodes) {
      const isExcused = node.hasRepaired || node.lostAt >= askedAt;
      if (!holders.includes(node.identity.peer) || isExcused || node.holds(ops)) continue;
      throw new Violation("10 shared means held by others", "a named holder does not hold the write", {
        writer,
        holder: node.index,
      });
    }
  }

  #oversized(node: number, protocol: string, bytes: number): void {
    if (node >= this.nodes.length) return;
    throw new Violation("7 no step fails", "an honest node sends a frame over its limit", { node, protocol, bytes });
  }
}

function createSetting(
  options: WorldOptions,
  recorder: Recorder,
  canary: Canary | undefined,
  prng: Prng,
  nodes: () => readonly SimNode[],
  hostiles: () => readonly Hostile[],
): Setting {
  const queue = new EventQueue();
  const network = new Network(queue, new Prng(prng.u32()), options, recorder);
  const networkId = toHex(prng.bytes(32)) as NetworkId;
  const signed = new SignedBatches(networkId);
  const horizon = new Horizon(options.horizonMs, options.slackMs);
  const identities = new Identities(options.realSignatures, (message) => signed.signed(message));
  return {
    networkId,
    queue,
    prng: new Prng(prng.u32()),
    options,
    recorder,
    network,
    identities,
    signed,
    tickets: new Tickets(),
    model: new Model(horizon),
    frontiers: new Frontiers(horizon),
    horizon,
    writers: new Writers(),
    canary,
    isFaulty: () => network.isFaulty,
    isValid: (check) => canary === "trustsSignatures" || identities.isValid(check),
    aheadMsMax: () => Math.max(...nodes().map(({ clock }) => clock.aheadMs())),
    authors: () => nodes().length + hostiles().length,
    isHonest: (peer) => nodes().some(({ identity }) => identity.peer === peer),
    wasDamaged: (peer) => nodes().some(({ identity, wasDamaged }) => wasDamaged && identity.peer === peer),
    authorOf: (node) => (nodes()[node] as SimNode).identity.signer.author,
  };
}

/** A connected part of the net, of at least two nodes. */
function drawCore({ nodes, edges }: WorldOptions, prng: Prng): readonly number[] {
  const size = 2 + prng.below(nodes - 2);
  const core = [prng.below(nodes)];
  while (core.length < size) {
    const beside = edges
      .flatMap(([a, b]) => (core.includes(a) ? [b] : core.includes(b) ? [a] : []))
      .filter((node) => !core.includes(node));
    core.push(prng.pick(beside));
  }
  return core;
}
