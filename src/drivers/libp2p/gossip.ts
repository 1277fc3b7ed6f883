/**
 * Gossipsub behind the gate, with every message waiting for the core's verdict.
 *
 * What is set differently from the library's defaults, and why: no signatures, since batches are
 * signed already and the message id is a hash of the data; no floodsub, no peer exchange, no
 * foreign topics; no penalty for a quiet mesh (P3), since our topic is quiet most of the time; none
 * for many peers at one address (P6), which counts peers for long after they left, so that an
 * attacker's cast-off identities would silence honest nodes beside it: places for links are the
 * core's to give. Large messages are published to the mesh only, small ones to every subscriber.
 *
 * Things the library leaves open are closed here by replacing a few of its methods:
 * - it writes to its streams past the order in which a link sends, at any size and speed (`GossipSending`);
 * - it does not count messages: `counts` are of those inside RPCs that were handed to a stream or
 *   decoded from one, duplicates included, so that between two nodes the one's sent are the
 *   other's received;
 * - it opens its streams to all peers one after the other, so that one peer that does not answer
 *   holds up the rest: we open them side by side, one at a time for each peer;
 * - what is published while a peer's streams and subscription are still on their way never
 *   reaches it: once they stand, we advertise to it what the last heartbeats brought.
 */
import type { Connection, PeerId as Libp2pPeerId } from "@libp2p/interface";
import {
  gossipsub,
  StrictNoSign,
  TopicValidatorResult,
  type GossipSub,
  type GossipSubComponents,
  type Message,
} from "@libp2p/gossipsub";
import { defaultTopicScoreParams } from "@libp2p/gossipsub/score";
import { createHash } from "node:crypto";
import type { PeerId } from "../../base/brand.ts";
import { assert } from "../../base/assert.ts";
import type { Verdict } from "../../ports/network.ts";
import type { LinkFact } from "./driver-types.ts";
import type { Gate } from "./gate.ts";
import { GossipCounts } from "./gossip-counts.ts";
import { readGossip } from "./gossip-reading.ts";
import type { Rpc } from "./gossip-rpc.ts";
import { GossipSending, type GossipStream } from "./gossip-sending.ts";
import { wordsOf } from "./words-of.ts";
import {
  floodPayloadBytesMax,
  gossipControlMessagesMax,
  gossipHistory,
  gossipMessageIdBytes,
  gossipMessageIdsMax,
  gossipQueueBytesMax,
  gossipRepairMs,
  gossipRpcBytesMax,
  gossipRpcMessagesMax,
  gossipScoreKeptMs,
  gossipSeenMs,
  gossipStreamsMax,
  gossipSubscriptionsMax,
  gossipUnwantedIdsMax,
  topicBytesMax,
} from "./limits.ts";
import { now } from "./now.ts";
import type { InputWatch } from "./rates/input-watch.ts";
import type { Unjudged } from "./unjudged.ts";

/** The parts of the GossipSub class that its public interface leaves out. */
interface GossipInternals extends GossipSub {
  publish(topic: string, data: Uint8Array, options?: { floodPublish: boolean }): ReturnType<GossipSub["publish"]>;
  getMeshPeers(topic: string): string[];
  readonly streamsOutbound: Map<string, GossipStream>;
  forwardMessage(...parameters: readonly unknown[]): void;
  sendRpc(peer: string, rpc: Rpc): boolean;
  decodeRpc(bytes: Uint8Array): Rpc;
  createOutboundStream(peer: Libp2pPeerId, connection: Connection): Promise<void>;
  pipePeerReadStream(peer: Libp2pPeerId, source: AsyncIterable<{ subarray(): Uint8Array }>): Promise<void>;
  handlePeerReadStreamError(error: Error, peer: Libp2pPeerId): void;
  handleReceivedRpc(from: Libp2pPeerId, rpc: unknown): Promise<void>;
  readonly mcache: { getGossipIDs(topics: ReadonlySet<string>): ReadonlyMap<string, readonly Uint8Array[]> };
}

export interface GossipInit {
  readonly topic: string;
  readonly isDropping: boolean;
  readonly gate: Gate;
  readonly unjudged: Unjudged;
  readonly watch: InputWatch;
  readonly queuesBytesMax: number;
  readonly onFact: (fact: LinkFact) => void;
}

export class Gossip {
  readonly counts: GossipCounts = new GossipCounts();
  readonly #init: GossipInit;
  /** On the monotonic clock. */
  readonly #offeredAt = new Map<PeerId, number>();
  #sub: GossipInternals | undefined;
  #sending: GossipSending | undefined;

  constructor(init: GossipInit) {
    this.#init = init;
  }

  /** The service for libp2p's own table. */
  create(components: GossipSubComponents): GossipSub {
    const { peerId, privateKey, peerStore, connectionManager, logger } = components;
    const registrar = this.#init.gate.registrar(components.registrar) as GossipSubComponents["registrar"];
    const sub = gossipsub(optionsFor(this.#init.topic))({
      peerId,
      privateKey,
      peerStore,
      connectionManager,
      logger,
      registrar,
    }) as GossipInternals;
    for (const name of [
      "publish",
      "getMeshPeers",
      "sendRpc",
      "decodeRpc",
      "createOutboundStream",
      "forwardMessage",
    ] as const)
      assert(typeof sub[name] === "function", `gossipsub has ${name}`);
    assert(sub.streamsOutbound instanceof Map, "gossipsub has streamsOutbound");
    this.counts.watch(sub);
    this.#sending = new GossipSending(sub, { ...this.#init, counts: this.counts });
    readGossip(sub, this.#init.topic, this.#init.watch);
    openSideBySide(sub, (peer) => this.#advertise(sub, peer));
    this.#sub = sub;
    return sub;
  }

  /** Once libp2p has started. */
  subscribe(): void {
    const sub = this.#started();
    const { topic, onFact } = this.#init;
    sub.topicValidators.set(topic, (from, message) => this.#judge(from, message));
    sub.addEventListener("subscription-change", (event) => {
      if (!event.detail.subscriptions.some((change) => change.topic === topic && change.subscribe)) return;
      const peer = event.detail.peerId.toString() as PeerId;
      onFact({ type: "subscribed", at: now(), peer });
      this.#advertise(sub, peer);
    });
    sub.addEventListener("gossipsub:heartbeat", () => this.#onHeartbeat());
    sub.subscribe(topic);
  }

  publish(payload: Uint8Array): void {
    if (this.#init.isDropping) return;
    const floodPublish = payload.length <= floodPayloadBytesMax;
    this.counts.publishing(payload);
    this.#started()
      .publish(this.#init.topic, payload, { floodPublish })
      .catch((cause: unknown) => this.#init.onFact({ type: "gossipFailed", at: now(), reason: wordsOf(cause) }))
      .finally(() => this.counts.published(payload));
  }

  peers(): { readonly mesh: readonly PeerId[]; readonly subscribed: readonly PeerId[] } {
    const sub = this.#sub;
    if (sub === undefined) return { mesh: [], subscribed: [] };
    return {
      mesh: sub.getMeshPeers(this.#init.topic) as PeerId[],
      subscribed: sub.getSubscribers(this.#init.topic).map((peer) => peer.toString() as PeerId),
    };
  }

  #started(): GossipInternals {
    assert(this.#sub !== undefined, "gossip is created before it is used");
    return this.#sub;
  }

  async #judge(from: Libp2pPeerId, message: Message): Promise<TopicValidatorResult> {
    this.counts.asked();
    const verdict = this.#init.isDropping
      ? "ignore"
      : await this.#init.unjudged.ask(from.toString() as PeerId, message.data);
    this.counts.judged(verdict);
    return resultOf[verdict];
  }

  /** The peer asks for those it has not seen. Nothing is sent where its stream does not stand yet. */
  #advertise(sub: GossipInternals, peer: string): void {
    const { topic } = this.#init;
    const messageIDs =
      sub.mcache
        .getGossipIDs(new Set([topic]))
        .get(topic)
        ?.slice(0, gossipMessageIdsMax) ?? [];
    if (messageIDs.length === 0) return;
    const control = { ihave: [{ topicID: topic, messageIDs }], iwant: [], graft: [], prune: [], idontwant: [] };
    sub.sendRpc(peer, { subscriptions: [], messages: [], control });
  }

  /** Reports what was dropped, and offers gossip to admitted peers again whose stream was lost. */
  #onHeartbeat(): void {
    const { gate, onFact, unjudged } = this.#init;
    const at = performance.now();
    const wall = now();
    for (const [peer, messages] of this.#sending?.takeDropped() ?? [])
      onFact({ type: "gossipDropped", at: wall, peer, cause: "slowPeer", messages });
    for (const [peer, messages] of unjudged.takeDropped())
      onFact({ type: "gossipDropped", at: wall, peer, cause: "unjudged", messages });
    const admitted = new Set(gate.admittedPeers());
    for (const peer of this.#offeredAt.keys()) if (!admitted.has(peer)) this.#offeredAt.delete(peer);
    for (const peer of admitted) this.#repair(peer, at);
  }

  #repair(peer: PeerId, at: number): void {
    const streams = this.#started().streamsOutbound;
    const stream = streams.get(peer)?.rawStream;
    if (stream?.status === "open") {
      this.#offeredAt.delete(peer);
      return;
    }
    if (stream !== undefined) streams.delete(peer); // reset before the library began to listen for its end
    const offeredAt = this.#offeredAt.get(peer);
    if (offeredAt === undefined || at - offeredAt >= gossipRepairMs) this.#offeredAt.set(peer, at);
    if (offeredAt !== undefined && at - offeredAt >= gossipRepairMs) this.#init.gate.reconnect(peer);
  }
}

function openSideBySide(sub: GossipInternals, onOpened: (peer: string) => void): void {
  const createOutboundStream = sub.createOutboundStream.bind(sub);
  const opening = new Set<string>();
  sub.createOutboundStream = (peer, connection) => {
    const id = peer.toString();
    if (!opening.has(id)) {
      opening.add(id);
      void createOutboundStream(peer, connection)
        .then(() => onOpened(id))
        .catch(() => undefined) // a stream that did not open is offered again at a heartbeat
        .finally(() => opening.delete(id));
    }
    return Promise.resolve();
  };
}

const resultOf: Readonly<Record<Verdict, TopicValidatorResult>> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
};

function optionsFor(topic: string): Parameters<typeof gossipsub>[0] {
  return {
    globalSignaturePolicy: StrictNoSign,
    msgIdFn: (message) => createHash("sha256").update(message.data).digest().subarray(0, gossipMessageIdBytes),
    fallbackToFloodsub: false,
    allowedTopics: [topic],
    emitSelf: false,
    doPX: false,
    tagMeshPeers: false, // tags protect connections from libp2p's pruner, which has nothing to decide here
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    seenTTL: gossipSeenMs,
    mcacheLength: gossipHistory.kept,
    mcacheGossip: gossipHistory.advertised,
    maxInboundStreams: gossipStreamsMax,
    maxOutboundStreams: gossipStreamsMax,
    maxInboundDataLength: gossipRpcBytesMax,
    maxOutboundBufferSize: gossipQueueBytesMax + gossipRpcBytesMax,
    maxTopicBytesPerPeer: topicBytesMax,
    decodeRpcLimits: {
      maxSubscriptions: gossipSubscriptionsMax,
      maxMessages: 2 * gossipRpcMessagesMax,
      maxIhaveMessageIDs: gossipMessageIdsMax,
      maxIwantMessageIDs: gossipMessageIdsMax,
      maxIdontwantMessageIDs: gossipUnwantedIdsMax,
      maxControlMessages: gossipControlMessagesMax,
      maxPeerInfos: 0,
    },
    scoreParams: {
      IPColocationFactorWeight: 0,
      retainScore: gossipScoreKeptMs,
      topics: { [topic]: { ...defaultTopicScoreParams, ...ourTopicScore } },
    },
  };
}

/** P3 off; a provably bad message weighs enough that four in a row silence a peer. Guess, within the range that the specification's authors call effective. */
const ourTopicScore = {
  meshMessageDeliveriesWeight: 0,
  meshFailurePenaltyWeight: 0,
  invalidMessageDeliveriesWeight: -10,
};
