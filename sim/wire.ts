/**
 * A link as the network sees it: two ends, each with its own state, gate and lanes of frames under
 * way. And the two roles that carry it: the side a process is plugged in with, and the carrier
 * between the sides.
 */
import type { Millis, PeerId } from "../src/base/brand.ts";
import type { Prng } from "../src/base/prng.ts";
import type { LinkId, LinkProtocol, NetworkEvent } from "../src/ports/network.ts";
import type { EventQueue } from "./event-queue.ts";
import type { WorldOptions } from "./options.ts";
import type { Recorder } from "./recorder.ts";
import type { Traffic } from "./traffic.ts";

/** Who is plugged in. */
export interface Plug {
  readonly node: number;
  readonly peer: PeerId;
  readonly address: string;
  hear(event: NetworkEvent): void;
}

export interface Side {
  readonly plug: Plug;
  readonly ends: Map<LinkId, End>;
  isAlive: boolean;
  nextLink(): LinkId;
  hear(event: NetworkEvent): void;
  readonly gossip: GossipPeer;
  /** When a gossip message came; undefined where it is new, infinite where it is our own. */
  heardAt(payload: Uint8Array): Millis | undefined;
  /** A known gossip message arrives: whether that it is known was forgotten, as after its two minutes. */
  forgets(): boolean;
  /** A gossip message arrived; `isForgotten`: it was known, but that is forgotten. */
  offered(payload: Uint8Array, at: End, isForgotten: boolean): void;
}

/** What a gossip router hears from those of its neighbours, each time at its own end of the link. */
export interface GossipPeer {
  subscribed(at: End): void;
  grafted(at: End): void;
  pruned(at: End): void;
  /** It may ask for some of these. */
  advertised(payloads: readonly Uint8Array[], at: End): void;
  asked(payloads: readonly Uint8Array[], at: End): void;
}

export type Lane = LinkProtocol | "gossip" | "end";

export interface Carrier {
  readonly queue: EventQueue;
  readonly prng: Prng;
  readonly options: WorldOptions;
  readonly recorder: Recorder;
  readonly isFaulty: boolean;
  isCut(from: number, to: number): boolean;
  /** Whether what is sent there waits for now. */
  isClogged(from: number, to: number): boolean;
  readonly traffic: Traffic;
  delay(): Millis;
  /** Carries something to the other end, in order, while that end is open. */
  transmit(end: End, lane: Lane, arrive: () => void): void;
  /** A gossip RPC without a message left a node. */
  controlSent(node: number, bytes: number): void;
  /** Told of each message that a node passes on. */
  onPassedOn(node: number, payload: Uint8Array): void;
  dial(from: Side, address: string, attempt: number, answerMsMax: Millis | undefined): void;
  send(end: End, protocol: LinkProtocol, frame: Uint8Array): void;
  close(end: End, reason: string): void;
}

export interface End {
  readonly wire: Wire;
  readonly side: Side;
  /** The number its own side knows it by. */
  readonly link: LinkId;
  /** Virtual time at which its side hears of it. */
  readonly openedAt: Millis;
  gate: "shut" | "accepted" | "admitted";
  state: "open" | "closing" | "closed";
  /** Whether a goodbye went either way, as far as this side knows. */
  isGoodbyeSaid: boolean;
  /** When the last frame of each lane arrives at the other end. */
  readonly lanes: Map<Lane, Millis>;
  /** What waits for a cut to heal. */
  readonly waiting: (() => void)[];
}

export interface Wire {
  readonly ends: readonly [End, End];
}

export function createWire(from: Side, to: Side, openedFrom: Millis, openedTo: Millis): Wire {
  const ends: End[] = [];
  const wire = { ends: ends as unknown as [End, End] };
  ends.push(createEnd(wire, from, openedFrom), createEnd(wire, to, openedTo));
  return wire;
}

export function otherEnd(end: End): End {
  const [first, second] = end.wire.ends;
  return first === end ? second : first;
}

export function isAdmitted(end: End): boolean {
  return end.state === "open" && end.gate === "admitted";
}

/**
 * When something sent now arrives: not before what went ahead on its lane, and `slowMs` behind that;
 * the end of a link behind all lanes.
 */
export function freeAt(end: End, lane: Lane, earliest: Millis, openedAt: Millis, slowMs: Millis): Millis {
  const before = lane === "end" ? [...end.lanes.values()] : [end.lanes.get(lane) ?? 0];
  const at = Math.max(earliest, openedAt, ...before) + slowMs;
  end.lanes.set(lane, at);
  return at;
}

function createEnd(wire: Wire, side: Side, openedAt: Millis): End {
  const link = side.nextLink();
  const end: End = {
    wire,
    side,
    link,
    openedAt,
    gate: "shut",
    state: "open",
    isGoodbyeSaid: false,
    lanes: new Map(),
    waiting: [],
  };
  side.ends.set(link, end);
  return end;
}
