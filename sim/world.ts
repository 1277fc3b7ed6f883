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
import type { LivingFact } from "./checkers/facts.ts";
import { Model, checkSpace, checkSummaries } from "./checkers/model.ts";
import { SignedBatches } from "./checkers/signed-batches.ts";
import { Tickets } from "./checkers/tickets.ts";
import { Violation } from "./checkers/violation.ts";
import { EventQueue } from "./event-queue.ts";
import { type Faulted, scheduleFaults } from "./faults.ts";
import { Hostile } from "./hostile.ts";
import { Identities } from "./identities.ts";
import { Network } from "./network.ts";
import { SimNode } from "./node.ts";
import type { WorldOptions } from "./options.ts";
import type { Recorder } from "./recorder.ts";
import type { Setting } from "./setting.ts";
import { writeSomething } from "./workload.ts";

const checkEveryMs = 2_000;
const announceEveryMs = 20_000;
const repairEveryMs = 45_000;
/** Events one world may take; more means that something turns in a circle. */
const eventsMax = 5_000_000;

export interface WorldResult {
  /** Virtual time it all took, in ms. */
  readonly virtualMs: number;
  readonly events: number;
  /** Virtual time from healing to convergence. */
  readonly convergedAfterMs: number;
  readonly entries: number;
}

export class World implements Faulted {
  readonly nodes: readonly SimNode[];
  readonly setting: Setting;
  readonly #hostiles: readonly Hostile[];
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
    for (const node of this.nodes) {
      node.skewMs = Math.round((2 * this.#prng.unit() - 1) * options.skewMsMax);
      node.onDied = () => this.setting.queue.after(100 + this.#prng.unit() * 10_000, () => this.start(node));
      node.onShared = (writer, holders, ops) => this.#checkShared(writer, holders, ops);
    }
    this.setting.network.onOversized = (node, protocol, bytes) => this.#oversized(node, protocol, bytes);
  }

  run(): WorldResult {
    const { queue, options } = this.setting;
    this.nodes.forEach((node, index) => {
      const isLate = index >= options.nodes - options.lateNodes;
      queue.at(isLate ? options.chaosMs * this.#prng.unit() : this.#prng.unit() * 1_000, () => this.start(node));
    });
    for (const hostile of this.#hostiles) hostile.begin();
    scheduleFaults(this.setting, this, options.chaosMs);
    this.#scheduleUsers();
    this.#scheduleAnnouncements();
    for (let at = checkEveryMs; at < options.chaosMs; at += checkEveryMs) this.#advance(at);
    this.#advance(options.chaosMs);
    this.#heal();
    const convergedAfterMs = this.#converge();
    const { now, ran } = queue;
    return { virtualMs: now, events: ran, convergedAfterMs, entries: this.setting.model.expected().size };
  }

  start(node: SimNode): void {
    if (!node.isUp) node.start(this.#neighbours(node.index));
  }

  #neighbours(index: number): readonly string[] {
    const { edges, bothDial } = this.setting.options;
    const dialed = edges.flatMap(([a, b]) => (b === index ? [a] : bothDial && a === index ? [b] : []));
    return dialed.map((each) => (this.nodes[each] as SimNode).address);
  }

  #scheduleUsers(): void {
    const { queue, options } = this.setting;
    const next = (): void => {
      if (queue.now >= options.chaosMs) return;
      const up = this.nodes.filter(({ isUp }) => isUp);
      if (up.length > 0) writeSomething(this.#prng.pick(up), options, this.#prng);
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
    checkSummaries(facts);
    facts.forEach(checkSpace);
  }

  #heal(): void {
    const { queue, network, recorder } = this.setting;
    recorder.event(queue.now, "world", "heal", "");
    network.healAll();
    for (const hostile of this.#hostiles) hostile.leave();
    for (const node of this.nodes) {
      node.skewMs = 0;
      this.start(node);
    }
    const repair = (): void => {
      for (const node of this.nodes) if (node.needsRepair) node.repairClock();
      queue.after(repairEveryMs, repair);
    };
    repair();
  }

  #converge(): number {
    const { queue, options, model } = this.setting;
    const healedAt = queue.now;
    for (;;) {
      this.#advance(queue.now + 1_000);
      const isRepaired = this.nodes.every(({ needsRepair }) => !needsRepair);
      const difference = model.difference(this.nodes.map((node) => node.fact()));
      if (difference === undefined && isRepaired) break;
      if (queue.now - healedAt < options.quietMsMax) continue;
      throw new Violation("9 the healed network converges", difference ?? "a clock is never repaired", {
        quietMs: options.quietMsMax,
      });
    }
    for (const node of this.nodes) node.history.check((key) => node.disk.fact(key), node.disk.living.keys());
    const took = queue.now - healedAt;
    this.#advance(queue.now + 70_000); // every question has its answer by then, and nothing moves any more
    const later = model.difference(this.nodes.map((node) => node.fact()));
    if (later !== undefined && this.#hostiles.length === 0)
      throw new Violation("9 the healed network converges", `what was equal drifted apart: ${later}`);
    return took;
  }

  #checkShared(writer: number, holders: readonly string[], ops: readonly LivingFact[]): void {
    for (const node of this.nodes) {
      if (!holders.includes(node.identity.peer) || node.hasRepaired || node.holds(ops)) continue;
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
    model: new Model(),
    canary,
    isFaulty: () => network.isFaulty,
    isValid: (check) => canary === "trustsSignatures" || identities.isValid(check),
    authors: () => nodes().length + hostiles().length,
    isHonest: (peer) => nodes().some(({ identity }) => identity.peer === peer),
  };
}
