/**
 * What gossip costs, counted where it happens: copies of messages sent, by why; copies received, by
 * what became of them; and RPCs with their bytes, those without a message included. The library
 * counts none of it without a registry of its own, so a few of its methods are replaced.
 *
 * 1. Every copy sent is one of published, forwarded and answered.
 * 2. Every copy received is judged once or a duplicate; one that waits for its verdict counts as
 *    neither. Only microtasks lie between a copy's arrival and the question for its verdict.
 */
import type { Verdict } from "../../ports/network.ts";
import type { GossipTraffic } from "./driver-types.ts";
import type { Rpc } from "./gossip-rpc.ts";

interface CountedStream {
  pushPrefixed(data: { readonly byteLength: number }): void;
}

/** The parts of GossipSub that are watched. */
interface Watched {
  readonly streamsOutbound: Map<string, CountedStream>;
  decodeRpc(bytes: Uint8Array): Rpc;
  forwardMessage(...parameters: readonly unknown[]): void;
}

export class GossipCounts {
  messagesReceived = 0;
  readonly #publishing = new Set<Uint8Array>();
  readonly #sent = { publish: 0, forward: 0, answer: 0 };
  readonly #judged = { accept: 0, ignore: 0, reject: 0 };
  #asked = 0;
  #isForwarding = false;
  #rpcs = 0;
  #rpcBytes = 0;

  watch(sub: Watched): void {
    this.#watchStreams(sub.streamsOutbound);
    const decodeRpc = sub.decodeRpc.bind(sub);
    sub.decodeRpc = (bytes) => {
      const rpc = decodeRpc(bytes);
      this.messagesReceived += rpc.messages.length;
      return rpc;
    };
    const forwardMessage = sub.forwardMessage.bind(sub);
    sub.forwardMessage = (...parameters) => {
      this.#isForwarding = true;
      try {
        forwardMessage(...parameters);
      } finally {
        this.#isForwarding = false;
      }
    };
  }

  get messagesSent(): number {
    return this.#sent.publish + this.#sent.forward + this.#sent.answer;
  }

  /** From now until `published` copies of these bytes that leave are those of a publish. */
  publishing(payload: Uint8Array): void {
    this.#publishing.add(payload);
  }

  published(payload: Uint8Array): void {
    this.#publishing.delete(payload);
  }

  sent({ messages }: Rpc): void {
    for (const { data } of messages) {
      if (this.#isForwarding) this.#sent.forward += 1;
      else if (data !== undefined && this.#publishing.has(data)) this.#sent.publish += 1;
      else this.#sent.answer += 1;
    }
  }

  /** A message that is new to the library is about to be judged. */
  asked(): void {
    this.#asked += 1;
  }

  judged(verdict: Verdict): void {
    this.#judged[verdict] += 1;
  }

  traffic(): GossipTraffic {
    const duplicate = this.messagesReceived - this.#asked;
    return {
      sent: { ...this.#sent },
      received: { ...this.#judged, duplicate },
      rpcs: { frames: this.#rpcs, bytes: this.#rpcBytes },
    };
  }

  #watchStreams(streams: Map<string, CountedStream>): void {
    const set = streams.set.bind(streams);
    streams.set = (peer, stream) => {
      const push = stream.pushPrefixed.bind(stream);
      stream.pushPrefixed = (data) => {
        push(data);
        this.#rpcs += 1;
        this.#rpcBytes += data.byteLength;
      };
      return set(peer, stream);
    };
  }
}
