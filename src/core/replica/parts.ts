/**
 * The machines of one replica, made once, and what every step of them works with. The files beside
 * this one are steps over these parts; none keeps state of its own.
 */
import type { IpRange } from "../../base/ip-range.ts";
import type { Incarnation, Instant, NetworkId, PeerId, Time } from "../../base/brand.ts";
import { Prng } from "../../base/prng.ts";
import type { Beacon, OriginRanges } from "../../codec/frontier.ts";
import { peerIdOf } from "../../codec/peer-id.ts";
import type { Signer } from "../../crypto/ed25519.ts";
import { keyedNumber } from "../../crypto/keyed-number.ts";
import type { StoreState, StoreView } from "../../ports/store.ts";
import { HeldBack } from "../data/held-back.ts";
import type { TrieSnapshot } from "../data/trie/snapshot.ts";
import type { EffectSink } from "../effects.ts";
import type { Note } from "../notes.ts";
import { Admission } from "../peers/admission/machine.ts";
import { AddressBook } from "../peers/address-book.ts";
import { Exchange } from "../peers/exchange/machine.ts";
import { ClockWatch } from "../peers/clock-watch.ts";
import { Connections } from "../peers/connections/machine.ts";
import { Detector } from "../peers/detector/machine.ts";
import { usualPeerLimits } from "../peers/peer-limits.ts";
import { DialBacks } from "../peers/reach/dial-backs.ts";
import { Reach } from "../peers/reach/machine.ts";
import { Slots } from "../peers/slots.ts";
import { Partitions } from "../peers/partitions/machine.ts";
import { Routing } from "../peers/routing/machine.ts";
import { Standing } from "../peers/standing/machine.ts";
import { Views } from "../peers/views/machine.ts";
import { Acknowledgement } from "../sync/acknowledgement/machine.ts";
import { Comparison } from "../sync/comparison.ts";
import { Intake } from "../sync/intake/machine.ts";
import { Outbox, type OutboxLimits } from "../sync/outbox/machine.ts";
import { Prefixes, type ScannedSet } from "../sync/prefix/machine.ts";
import { Pull } from "../sync/pull/machine.ts";
import { Serve } from "../sync/serve/machine.ts";
import { WalkAsk } from "../sync/walk/ask.ts";
import { WalkServe } from "../sync/walk/serve.ts";
import { Collector } from "./collector.ts";
import { DiskRoom, noDiskLimits } from "./disk-room.ts";
import { type Live, type LiveOptions, liveOptionsIn } from "./live-options.ts";
import { Freshness } from "./freshness.ts";
import { Holdings } from "./holdings.ts";
import { Outgoing } from "./outgoing.ts";

export interface ReplicaOptions extends LiveOptions {
  readonly network: NetworkId;
  readonly signer: Signer;
  /** Drawn at each start of the process, 16 hex digits. */
  readonly session: string;
  readonly agent: string;
  readonly seed: number;
  readonly horizonDays: number;
  readonly trieReplayOpsMin: number;
  /** Clean pages of the trie kept in memory; the usual number of bytes where it is left out. */
  readonly trieCacheBytes?: number | undefined;
  /** Length of the first, second … automatic ban of a peer, in ms; undefined stands for good. */
  readonly banMsSteps: readonly (number | undefined)[];
  /** Links of this node's own dialing below which it dials addresses that others told of; with 0 it never does. */
  readonly outboundWanted: number;
  /** Whether it asks others for addresses and tells them of those it knows. */
  readonly exchange: boolean;
  /** Whether it takes places at relays where nobody can dial it. */
  readonly usesRelays: boolean;
  /** Whether it finds peers by their ids, and helps others to. */
  readonly routing: boolean;
  /** The usual ones where they are left out. */
  readonly outboxLimits?: OutboxLimits | undefined;
}

export interface Parts {
  readonly self: PeerId;
  readonly live: Live;
  readonly network: NetworkId;
  readonly signer: Signer;
  readonly holdings: Holdings;
  readonly admission: Admission;
  readonly connections: Connections;
  readonly detector: Detector;
  readonly standing: Standing;
  readonly book: AddressBook;
  readonly exchange: Exchange;
  readonly reach: Reach;
  readonly dialBacks: DialBacks;
  readonly routing: Routing;
  readonly clock: ClockWatch;
  readonly intake: Intake;
  readonly heldBack: HeldBack;
  readonly acknowledgement: Acknowledgement;
  readonly pull: Pull;
  readonly serve: Serve;
  readonly walkAsk: WalkAsk;
  readonly walkServe: WalkServe;
  readonly comparison: Comparison;
  readonly freshness: Freshness;
  readonly collector: Collector;
  readonly prefixes: Prefixes;
  readonly partitions: Partitions;
  readonly views: Views;
  readonly disk: DiskRoom;
  readonly outgoing: Outgoing;
  readonly outbox: Outbox;
}

/** One step: when it happens, what it may read, and where its effects go. */
export interface Step {
  readonly now: Time;
  readonly view: StoreView;
  readonly out: EffectSink;
}

// tidy: long because it makes one machine after the other
export function makeParts(options: ReplicaOptions, view: StoreView, state: StoreState): Parts {
  const { signer, network, session, agent, seed, horizonDays, trieReplayOpsMin, outboundWanted } = options;
  const live: Live = { current: liveOptionsIn(options) };
  const local = (): readonly IpRange[] => live.current.exemptRanges;
  const self = peerIdOf(signer.author);
  const standing = new Standing(view.peerRules(), options.banMsSteps);
  const book = new AddressBook(
    { self, place: keyedNumber(signer), prng: new Prng(seed + 2), exempt: local },
    view.addresses(),
  );
  const routing = new Routing({
    self,
    enabled: options.routing,
    prng: new Prng(seed + 6),
    local,
    remembered: book.list().filter(({ table }) => table === "tried"),
    addressesOf: (peer) => book.addressesOf(peer),
  });
  const connections = new Connections({
    self,
    prng: new Prng(seed),
    book,
    outboundWanted,
    limits: () => live.current.peerLimits ?? usualPeerLimits,
    banOn: (peer, address, now) => standing.ban(peer, address, now),
    namedClass: (peer, address, now) => {
      if (live.current.validators.includes(peer)) return "validator";
      return standing.allows(peer, address, now) || routing.isWanted(peer) ? "trusted" : undefined;
    },
  });
  return {
    self,
    live,
    network,
    signer,
    holdings: new Holdings(
      {
        author: signer.author,
        horizonDays,
        freshIncarnation: session as Incarnation,
        trieReplayOpsMin,
        trieCacheBytes: options.trieCacheBytes,
      },
      view,
      state,
    ),
    admission: new Admission({
      self,
      network,
      session,
      agent,
      slots: new Slots(() => ({
        exempt: local(),
        validators: live.current.validators.length,
        links: live.current.peerLimits?.links,
      })),
      merits: (peer, address, now) => connections.opinionOf(peer, address, now),
      breaker: () => (live.current.peerLimits ?? usualPeerLimits).breaker,
    }),
    connections,
    exchange: new Exchange({
      self,
      enabled: options.exchange,
      prng: new Prng(seed + 3),
      book,
      wantsAddresses: () => connections.wantsAddresses(),
      local,
    }),
    reach: new Reach({ prng: new Prng(seed + 5), local, usesRelays: options.usesRelays }),
    dialBacks: new DialBacks(),
    routing,
    book,
    detector: new Detector(() => live.current.detector, new Prng(seed + 4)),
    standing,
    clock: new ClockWatch(),
    intake: new Intake(network),
    heldBack: new HeldBack(),
    acknowledgement: new Acknowledgement(),
    pull: new Pull(new Prng(seed + 1), () => live.current.pullEveryMs),
    serve: new Serve(),
    walkAsk: new WalkAsk(),
    walkServe: new WalkServe(),
    comparison: new Comparison(),
    freshness: new Freshness(horizonDays),
    collector: new Collector(horizonDays),
    prefixes: new Prefixes(),
    partitions: new Partitions(() => live.current.cutOffMs, view.partitions()),
    views: new Views(self),
    disk: new DiskRoom(() => live.current.disk ?? noDiskLimits),
    outgoing: new Outgoing(),
    outbox: new Outbox(options.outboxLimits),
  };
}

export function tell(note: Note, { now, out }: Step): void {
  out.push({ type: "note", note, at: now.wall });
}

/** The wall time by which others' stamps are judged. */
export function judgedTime({ clock }: Parts, { now }: Step): Instant {
  return clock.judged(now.wall);
}

/** What the summaries of prefixes are made of. */
export function setScanned({ holdings, admission }: Parts, { view }: Step): ScannedSet {
  return { view, changes: holdings.changes, links: () => admission.admitted().map(({ link }) => link) };
}

/** What the machines that compare sets see of the holdings. */
export function holdingsSeen({ holdings, freshness, clock, heldBack, disk }: Parts): {
  origins(): readonly OriginRanges[];
  beacon(at: Time): Beacon;
  snapshot(): TrieSnapshot;
  readonly changes: number;
} {
  return {
    origins: () => holdings.origins(),
    snapshot: () => holdings.snapshot(),
    beacon: (at) => ({
      clock: at.wall,
      summary: holdings.summary(),
      stale: freshness.age(holdings.state, clock.judged(at.wall)) !== "current",
      full: disk.holdsOff,
      heldBack: heldBack.count,
    }),
    changes: holdings.changes,
  };
}
