/** What one link costs this node. */
import type { Instant, PeerId } from "../base/brand.ts";
import type { Direction, LinkId } from "./network.ts";

/** What one link costs: its age, its traffic, its streams, and what waits on it. */
export interface LinkResources {
  readonly link: LinkId;
  readonly peer: PeerId;
  readonly direction: Direction;
  readonly address: string;
  /** Where the peer says it sees us; undefined until it told. Not checked. */
  readonly observedAs: string | undefined;
  readonly openedAt: Instant;
  /** Whether both sides have welcomed each other. */
  readonly admitted: boolean;
  /** Frames of our own protocols, without gossip: those handed to a stream, and those read from one whole. */
  readonly sent: FrameCount;
  readonly received: FrameCount;
  /** Of the socket, all protocols with their encryption. */
  readonly socket: { readonly sentBytes: number; readonly receivedBytes: number };
  /** Streams open now, in both directions, gossip and pings included. */
  readonly streams: number;
  /** Waiting to be sent: for a stream to open, for the peer's credit, or for the socket. */
  readonly queuedBytes: number;
  /** Received and not yet dealt with. */
  readonly untakenBytes: number;
}

/** Bytes before encryption; those sent have their length prefixes, of up to 4 bytes, with them. */
export interface FrameCount {
  readonly frames: number;
  readonly bytes: number;
}
