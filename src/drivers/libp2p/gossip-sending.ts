/**
 * How gossip leaves. The library writes each RPC to its stream at once, where nothing can overtake it: here
 * each stream of it has a writer in the send order of its link, as our own protocols have.
 *
 * 1. What carries messages, or advertises some, goes piece by piece as the link's window allows, before bulk; all other
 *    control goes at once. An advertisement keeps its place behind the messages that it names.
 * 2. The library answers a request for many messages with one RPC of any size, which the receiver must refuse: it
 *    is cut into RPCs within the limits.
 * 3. The library resets the stream of a peer that reads too slowly: here messages for this peer, or for all while the
 *    node's bandwidth is used up, are dropped and counted, and a pull repairs that.
 */
import type { Stream } from "@libp2p/interface";
import { assert } from "../../base/assert.ts";
import type { PeerId } from "../../base/brand.ts";
import type { FrameWriter } from "./frame-writer.ts";
import type { Gate } from "./gate.ts";
import type { GossipCounts } from "./gossip-counts.ts";
import { cutRpc, messageBytesOf, type Rpc } from "./gossip-rpc.ts";
import { gossipQueueBytesMax } from "./limits.ts";
import type { InputWatch } from "./rates/input-watch.ts";

/** A stream of gossip to one peer, as the library keeps it. */
export interface GossipStream {
  readonly rawStream: Stream;
  pushPrefixed(data: { readonly byteLength: number; subarray(): Uint8Array }): void;
}

/** The parts of GossipSub that are replaced. */
interface Sending {
  readonly streamsOutbound: Map<string, GossipStream>;
  sendRpc(peer: string, rpc: Rpc): boolean;
}

export interface GossipSendingInit {
  readonly gate: Gate;
  readonly watch: InputWatch;
  readonly counts: GossipCounts;
  /** Bytes waiting for all peers together. */
  readonly queuesBytesMax: number;
}

export class GossipSending {
  readonly #init: GossipSendingInit;
  readonly #streams: Map<string, GossipStream>;
  readonly #writers = new WeakMap<GossipStream, FrameWriter>();
  #dropped = new Map<PeerId, number>();
  /** What is being encoded carries messages, or speaks of some. */
  #isVolume = false;

  /** Once the counts watch the streams, so that they count what is handed to the writer. */
  constructor(sub: Sending, init: GossipSendingInit) {
    assert(typeof sub.sendRpc === "function", "gossipsub has sendRpc");
    this.#init = init;
    this.#streams = sub.streamsOutbound;
    const set = sub.streamsOutbound.set.bind(sub.streamsOutbound);
    sub.streamsOutbound.set = (peer, stream) => {
      this.#order(peer as PeerId, stream);
      return set(peer, stream);
    };
    const sendRpc = sub.sendRpc.bind(sub);
    sub.sendRpc = (peer, rpc) => this.#send(peer as PeerId, rpc, sendRpc);
  }

  /** Messages dropped since the last call, by peer. */
  takeDropped(): ReadonlyMap<PeerId, number> {
    const dropped = this.#dropped;
    this.#dropped = new Map();
    return dropped;
  }

  /** A stream whose link is about to close stays as it is. */
  #order(peer: PeerId, stream: GossipStream): void {
    const { rawStream } = stream;
    const link = this.#init.gate.admittedLink(peer, ({ connection }) => connection.streams.includes(rawStream));
    if (link === undefined) return;
    const writer = link.gossipWriter(rawStream);
    this.#writers.set(stream, writer);
    stream.pushPrefixed = (data) => writer.sendFramed(data.subarray(), this.#isVolume ? "bulk" : "urgent");
  }

  #send(peer: PeerId, rpc: Rpc, sendRpc: Sending["sendRpc"]): boolean {
    if (rpc.messages.length === 0) return this.#encode((rpc.control?.ihave.length ?? 0) > 0, () => sendRpc(peer, rpc));
    let hasSentAll = true;
    for (const part of cutRpc(rpc)) {
      const hasRoom = this.#init.watch.bandwidth.mayGossip && this.#hasRoomFor(peer, messageBytesOf(part));
      if (hasRoom && this.#encode(true, () => sendRpc(peer, part))) {
        this.#init.counts.sent(part);
        continue;
      }
      hasSentAll = false;
      if (!hasRoom) this.#dropped.set(peer, (this.#dropped.get(peer) ?? 0) + part.messages.length);
    }
    return hasSentAll;
  }

  #encode(isVolume: boolean, send: () => boolean): boolean {
    this.#isVolume = isVolume;
    try {
      return send();
    } finally {
      this.#isVolume = false;
    }
  }

  #hasRoomFor(peer: PeerId, bytes: number): boolean {
    const stream = this.#streams.get(peer);
    const own = stream === undefined ? 0 : this.#waitingIn(stream);
    if (own === 0) return true;
    let all = 0;
    for (const each of this.#streams.values()) all += this.#waitingIn(each);
    return own + bytes <= gossipQueueBytesMax && all + bytes <= this.#init.queuesBytesMax;
  }

  #waitingIn(stream: GossipStream): number {
    return stream.rawStream.writeBufferLength + (this.#writers.get(stream)?.queuedBytes ?? 0);
  }
}
