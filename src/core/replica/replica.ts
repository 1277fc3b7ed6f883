/**
 * The replica: all machines of one member, composed by plain calls in one order. It decides
 * everything and does nothing: inputs in, effects out.
 *
 * Order of a step: admission and connections learn of links first; then what travels on links
 * (acks, pulls, gossip) is taken in; what is verified is merged; what is merged is acknowledged.
 * `endTurn` adds what is said once per turn: summaries to persist, proofs, the turn's gossip, acks.
 *
 * 1. A frame of a link that is not admitted is not looked at, but for admit's own.
 * 2. Gossip of a turn stands behind its persists: stored first, published then.
 * 3. Between two steps the state is consistent with the store's open turn.
 */
import type { Instant, PeerId, Time } from "../../base/brand.ts";
import type { SetSummary } from "../../codec/frontier.ts";
import type { LinkId } from "../../ports/network.ts";
import type { StoreState, StoreView } from "../../ports/store.ts";
import type { DiskLevel } from "../disk-level.ts";
import type { EffectSink, Ticket } from "../effects.ts";
import type { MemberComparison } from "../sync/comparison.ts";
import type { OutboxSnapshot } from "../sync/outbox/machine.ts";
import type { PullSnapshot } from "../sync/pull/machine.ts";
import type { WalkSnapshot } from "../sync/walk/ask.ts";
import type { ReachSnapshot } from "../peers/reach/machine.ts";
import type { CandidateSnapshot } from "../peers/connections/machine.ts";
import type { WantedSnapshot } from "../peers/routing/machine.ts";
import { wallWaitMsMin } from "../peers/limits.ts";
import type { Adoption, Age, ApartFrom } from "./freshness.ts";
import type { ReplicaInput } from "./inputs.ts";
import type { LiveOptions } from "./live-options.ts";
import { stepDetector } from "./circumstances.ts";
import type { DiskRoom, DiskSize } from "./disk-room.ts";
import { goOnAdopting, holdIntake, passOnPullFacts, passOnWalkFacts, stepAdmission } from "./links.ts";
import { type Parts, type ReplicaOptions, type Step, holdingsSeen, makeParts, setScanned, tell } from "./parts.ts";
import { askForPeers } from "./peer-talk.ts";
import { peerAlone, stepRouting, wantPeer } from "./routing-steps.ts";
import { takeOrder } from "./peer-orders.ts";
import { Requests } from "./requests.ts";
import { knownBatches, releaseHeldBack, settle } from "./settle.ts";
import { peerInAddress, takeEvent } from "./traffic.ts";

export type { ReplicaOptions } from "./parts.ts";

/** What a status page shows; plain data. */
export interface ReplicaSnapshot {
  readonly summary: SetSummary;
  readonly values: number;
  readonly conflicts: number;
  readonly heldBack: number;
  readonly batchesHeld: number;
  readonly admitted: readonly {
    readonly peer: PeerId;
    readonly link: LinkId;
    readonly clockOffsetMs: number | undefined;
  }[];
  readonly age: Age;
  readonly createdAt: Instant;
  /** When this replica last had all of another member's set. */
  readonly reconciledAt: Instant | undefined;
  /** Peers that neither have nor take some of our old entries. */
  readonly apart: readonly ApartFrom[];
  /** What came of the operator's latest order to follow a peer. */
  readonly adoption: Adoption | undefined;
  /** How each admitted member's set compares with ours, as far as it was told. */
  readonly compared: readonly MemberComparison[];
  readonly candidates: readonly CandidateSnapshot[];
  /** Peers looked for by their ids. */
  readonly wanted: readonly WantedSnapshot[];
  /** Peers this node can name to others that look for somebody. */
  readonly contacts: number;
  readonly reach: ReachSnapshot;
  readonly pulling: PullSnapshot | undefined;
  readonly walking: WalkSnapshot | undefined;
  readonly serving: number;
  /** What waits for members that were lost. */
  readonly outboxes: readonly OutboxSnapshot[];
  readonly clock: { readonly offsetMs: number | undefined; readonly doubted: boolean };
  /** Those in force. */
  readonly options: LiveOptions;
  /** Undefined where nobody measures it. `because`: which limit is nearer, with its numbers, and what to do. */
  readonly disk:
    | (DiskSize & { readonly level: DiskLevel; readonly pressedBy: "size" | "free"; readonly because: string })
    | undefined;
}

export class Replica {
  readonly self: PeerId;
  readonly #parts: Parts;
  readonly #requests: Requests;
  #doubted = false;
  #diskLevel: DiskLevel = "ok";

  constructor(options: ReplicaOptions, view: StoreView, state: StoreState) {
    this.#parts = makeParts(options, view, state);
    this.#requests = new Requests(this.#parts);
    this.self = this.#parts.self;
  }

  // tidy: long because it is one case per kind of input
  step(input: ReplicaInput, now: Time, view: StoreView, out: EffectSink): void {
    const step: Step = { now, view, out };
    const parts = this.#parts;
    switch (input.type) {
      case "verified": {
        const load = parts.intake.step(input, knownBatches(parts, step), now, step.out);
        if (load !== undefined) passOnPullFacts(settle(load, parts, step), parts, step);
        break;
      }
      case "writeRequested":
        this.#requests.write(input, step);
        break;
      case "clockRepairRequested":
        this.#requests.repairClock(input, step);
        break;
      case "dialRequested": {
        const { address, ticket } = input;
        const wanted = peerAlone(address);
        if (wanted !== undefined) {
          out.push({ type: "answer", ticket, outcome: wantPeer(wanted, parts, step) });
          break;
        }
        const found = { type: "candidateFound", address, peer: peerInAddress(address), source: "user" } as const;
        parts.connections.step(found, now, step.out);
        step.out.push({ type: "answer", ticket, outcome: { type: "done" } });
        break;
      }
      case "adoptRequested":
      case "reissueRequested":
      case "dropAsideRequested":
        this.#requests.decide(input, step);
        break;
      case "ruleRequested":
      case "liftRequested":
      case "rulesRequested":
      case "disconnectRequested":
      case "forgetRequested":
        takeOrder(input, parts, step);
        break;
      case "comparisonRequested":
      case "holdersRequested":
      case "partitionsRequested":
      case "prefixRequested":
      case "prefixAnswersRequested":
        this.#requests.question(input, step);
        break;
      case "viewsRequested":
      case "viewGiven":
        parts.views.step(input, parts.admission, now, out);
        break;
      case "proofRequested":
        this.#requests.prove(input, step);
        break;
      case "diskMeasured":
        parts.disk.measured(input);
        break;
      case "optionsChanged":
        this.#changeOptions(input.options, step);
        break;
      case "stopRequested":
        this.#stop(input.ticket, step);
        break;
      case "timePassed":
        this.#timePassed(step);
        break;
      default:
        takeEvent(input, parts, step);
    }
    this.#watchClock(step);
    this.#watchDisk(step);
  }

  /** What a turn says once, after its last step: to persist first, then to send. */
  endTurn(now: Time, view: StoreView, out: EffectSink): void {
    this.#parts.holdings.endTurn(view, out);
    this.#requests.endTurn(view, out);
    this.#parts.acknowledgement.endTurn(now, out);
    const { outgoing, outbox, admission } = this.#parts;
    for (const { payload, isAwaited } of outgoing.endTurn(now, out, admission.admitted().length > 0))
      outbox.step({ type: "published", payload, worth: isAwaited ? "awaited" : "own", by: nobody }, now, out);
  }

  /** Monotonic time at which `timePassed` is due, or undefined. */
  nextDeadline(now: Time): number | undefined {
    const {
      admission,
      connections,
      detector,
      acknowledgement,
      pull,
      walkAsk,
      walkServe,
      partitions,
      prefixes,
      views,
      heldBack,
      clock,
    } = this.#parts;
    const release = heldBack.nextRelease();
    const collection = this.#parts.collector.dueAt;
    const deadlines = [
      admission.nextDeadline(),
      connections.nextDeadline(),
      acknowledgement.nextDeadline(),
      pull.nextDeadline(),
      walkAsk.nextDeadline(),
      walkServe.nextDeadline(),
      detector.nextDeadline(),
      partitions.nextDeadline(now),
      prefixes.nextDeadline(),
      this.#parts.exchange.nextDeadline(),
      this.#parts.reach.nextDeadline(),
      this.#parts.routing.nextDeadline(),
      views.nextDeadline(),
      this.#parts.outbox.nextDeadline(),
      release === undefined ? undefined : now.mono + waitFor(release, clock.judged(now.wall)),
      now.mono + waitFor(collection, clock.judged(now.wall)),
    ].filter((deadline) => deadline !== undefined);
    return deadlines.length === 0 ? undefined : Math.min(...deadlines);
  }

  /** Count and root of the living set. */
  summary(): SetSummary {
    return this.#parts.holdings.summary();
  }

  snapshot(now: Time): ReplicaSnapshot {
    const {
      holdings,
      heldBack,
      admission,
      connections,
      clock,
      pull,
      serve,
      walkAsk,
      walkServe,
      comparison,
      freshness,
      disk,
    } = this.#parts;
    return {
      summary: holdings.summary(),
      values: holdings.state.values,
      conflicts: holdings.state.conflicts,
      heldBack: heldBack.count,
      batchesHeld: holdings.batchesHeld(),
      admitted: admission.admitted().map(({ peer, link }) => ({ peer, link, clockOffsetMs: clock.offsetOf(peer) })),
      compared: comparison.members(),
      age: freshness.age(holdings.state, clock.judged(now.wall)),
      createdAt: holdings.state.createdAt,
      reconciledAt: holdings.state.reconciledAt,
      apart: freshness.apart(),
      adoption: freshness.adoption(),
      candidates: connections.snapshot(now),
      wanted: this.#parts.routing.snapshot(now),
      contacts: this.#parts.routing.contacts,
      reach: this.#parts.reach.snapshot(),
      pulling: pull.snapshot(now),
      walking: walkAsk.snapshot(now),
      serving: serve.active + walkServe.active,
      outboxes: this.#parts.outbox.snapshot(now),
      clock: { offsetMs: clock.medianOffsetMs(), doubted: clock.doubted() },
      options: this.#parts.live.current,
      disk: diskSnapshotOf(disk),
    };
  }

  #stop(ticket: Ticket, step: Step): void {
    const parts = this.#parts;
    const { now, out } = step;
    this.#requests.stopping();
    parts.holdings.closing();
    parts.acknowledgement.step({ type: "stopping", members: membersOf(parts) }, now, out);
    parts.connections.step({ type: "stopping" }, now, out);
    stepAdmission({ type: "stopping" }, parts, step);
    out.push({ type: "answer", ticket, outcome: { type: "done" } });
  }

  /** Who would be asked later than the new pace says is asked now. */
  #changeOptions(options: LiveOptions, step: Step): void {
    const { live, disk, pull } = this.#parts;
    const isSlower = live.current.pullEveryMs > options.pullEveryMs;
    live.current = options;
    disk.limited();
    stepAdmission({ type: "placesChanged" }, this.#parts, step);
    if (!isSlower) return;
    const facts = pull.step({ type: "everybodyDue" }, holdingsSeen(this.#parts), step.now, step.out);
    passOnPullFacts(facts, this.#parts, step);
  }

  #timePassed(step: Step): void {
    const parts = this.#parts;
    const { now, out } = step;
    stepDetector({ type: "timePassed" }, parts, step); // before what waits is read: how late we are, it tells by this
    stepAdmission({ type: "timePassed" }, parts, step);
    parts.connections.step({ type: "timePassed" }, now, out);
    parts.acknowledgement.step({ type: "timePassed", members: membersOf(parts) }, now, out);
    passOnPullFacts(parts.pull.step({ type: "timePassed" }, holdingsSeen(parts), now, out), parts, step);
    passOnWalkFacts(parts.walkAsk.step({ type: "timePassed" }, holdingsSeen(parts), now, out), parts, step);
    parts.walkServe.step({ type: "timePassed" }, holdingsSeen(parts), step.view, now, out);
    goOnAdopting(parts, step);
    collect(parts, step);
    releaseHeldBack(parts, step);
    parts.partitions.step({ type: "timePassed" }, now, out);
    askForPeers(parts, step);
    parts.reach.step({ type: "timePassed" }, now, out);
    stepRouting({ type: "timePassed" }, parts, step);
    parts.views.step({ type: "timePassed" }, parts.admission, now, out);
    parts.prefixes.advance(setScanned(parts, step), now, out);
    parts.outbox.step({ type: "timePassed" }, now, out);
  }

  #watchClock(step: Step): void {
    const { clock } = this.#parts;
    const doubted = clock.doubted();
    if (doubted === this.#doubted) return;
    this.#doubted = doubted;
    const offsetMs = clock.medianOffsetMs() ?? 0;
    if (doubted) tell({ type: "clockDoubted", offsetMs, peers: clock.witnesses }, step);
    else tell({ type: "clockTrusted", offsetMs }, step);
  }

  #watchDisk(step: Step): void {
    const { disk } = this.#parts;
    const before = this.#diskLevel;
    if (disk.level === before) return;
    this.#diskLevel = disk.level;
    const size = disk.size ?? { usedBytes: 0, freeBytes: 0 };
    tell({ type: "diskRoomChanged", state: disk.level, ...size, because: disk.describe() }, step);
    if (disk.holdsOff !== (before === "holding")) holdIntake(disk.holdsOff, this.#parts, step);
  }
}

const nobody: ReadonlySet<PeerId> = new Set();

/** A wall clock that stands still just before something is due must not make a node look again and again. */
function waitFor(due: Instant, judged: Instant): number {
  return due <= judged ? 0 : Math.max(wallWaitMsMin, due - judged);
}

function collect({ collector, freshness, holdings, clock }: Parts, { now, view, out }: Step): void {
  const judged = clock.judged(now.wall);
  const collection = collector.step(freshness.age(holdings.state, judged), judged, view);
  if (collection === undefined) return;
  const { found, floor } = collection;
  holdings.collect(found, view, out);
  out.push({ type: "note", at: now.wall, note: { type: "collected", entries: found.length, floor } });
}

function membersOf({ admission }: Parts): readonly PeerId[] {
  return admission.admitted().map(({ peer }) => peer);
}

function diskSnapshotOf(disk: DiskRoom): ReplicaSnapshot["disk"] {
  if (disk.size === undefined) return undefined;
  return { ...disk.size, level: disk.level, pressedBy: disk.pressedBy, because: disk.describe() };
}
