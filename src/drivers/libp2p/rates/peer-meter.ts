/**
 * What one peer asks of this node, over all its links, against the limits. Pure: told what came and
 * when, it answers how long not to read, or why to part.
 */
import {
  foreignTopicRate,
  gossipControlRate,
  gossipMessageRate,
  gossipRpcRate,
  inputBytesRate,
  muxerFrameRate,
  muxerPingRate,
  processorMsRate,
  protocolFrameRate,
  type Rate,
  replicaMsRate,
  strayBytesRate,
  strayFrameRate,
  streamRate,
} from "./limits.ts";
import { TokenBucket } from "./token-bucket.ts";

const slowing = {
  bytes: inputBytesRate,
  processorMs: processorMsRate,
  replicaMs: replicaMsRate,
  muxerFrames: muxerFrameRate,
  protocolFrames: protocolFrameRate,
  gossipRpcs: gossipRpcRate,
  gossipMessages: gossipMessageRate,
} as const;

const bounding = {
  streams: { rate: streamRate, reason: "a flood of streams" },
  pings: { rate: muxerPingRate, reason: "a flood of pings" },
  gossipControl: { rate: gossipControlRate, reason: "a flood of gossip control messages" },
  foreignTopics: { rate: foreignTopicRate, reason: "a flood of unknown topics" },
  strayFrames: { rate: strayFrameRate, reason: "a flood of frames for no stream" },
  strayBytes: { rate: strayBytesRate, reason: "a flood of bytes for no stream" },
} as const;

/** The rates that an operator may set. */
export interface PeerRates {
  /** Bytes read from one peer's sockets in a second. */
  readonly bytesPerSecond: number;
  /** Gossip messages read from one peer in a second. */
  readonly messagesPerSecond: number;
}

export const usualPeerRates: PeerRates = {
  bytesPerSecond: inputBytesRate.perSecond,
  messagesPerSecond: gossipMessageRate.perSecond,
};

export type Slowing = keyof typeof slowing;
export type Bounding = keyof typeof bounding;

export class PeerMeter {
  readonly #slowing: Readonly<Record<Slowing, TokenBucket>>;
  readonly #bounding: Readonly<Record<Bounding, TokenBucket>>;

  constructor(rates: PeerRates, now: number) {
    this.#slowing = bucketsOf({ ...slowing, ...ratesOf(rates) }, (rate) => new TokenBucket(rate, now));
    this.#bounding = bucketsOf(bounding, ({ rate }) => new TokenBucket(rate, now));
  }

  changeRates(rates: PeerRates, now: number): void {
    const { bytes, gossipMessages } = ratesOf(rates);
    this.#slowing.bytes.changeRate(bytes, now);
    this.#slowing.gossipMessages.changeRate(gossipMessages, now);
  }

  /** Counts; answers for how many ms the peer should not be read, 0 for not at all. */
  slow(kind: Slowing, amount: number, now: number): number {
    return this.#slowing[kind].take(amount, now);
  }

  /** Counts; answers why to part with the peer where it is over the limit. */
  bound(kind: Bounding, amount: number, now: number): string | undefined {
    return this.#bounding[kind].take(amount, now) > 0 ? bounding[kind].reason : undefined;
  }
}

/** A burst is as long as with the usual rates. */
function ratesOf({
  bytesPerSecond,
  messagesPerSecond,
}: PeerRates): Pick<Record<Slowing, Rate>, "bytes" | "gossipMessages"> {
  const burstOf = (rate: Rate, perSecond: number): Rate => ({
    perSecond,
    burst: (perSecond * rate.burst) / rate.perSecond,
  });
  return {
    bytes: burstOf(inputBytesRate, bytesPerSecond),
    gossipMessages: burstOf(gossipMessageRate, messagesPerSecond),
  };
}

function bucketsOf<Kind extends string, Each>(
  kinds: Readonly<Record<Kind, Each>>,
  bucketOf: (each: Each) => TokenBucket,
): Readonly<Record<Kind, TokenBucket>> {
  const entries = Object.entries(kinds) as [Kind, Each][];
  return Object.fromEntries(entries.map(([kind, each]) => [kind, bucketOf(each)])) as Record<Kind, TokenBucket>;
}
