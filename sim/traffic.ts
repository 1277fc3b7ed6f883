/** What each node sent and received, counted as a real node counts it (`drivers/libp2p`), to be compared with one. */
import type { LinkProtocol, Verdict } from "../src/ports/network.ts";

/** Why a copy of a gossip message leaves: our own, passed on, or asked for. */
export type SendReason = "publish" | "forward" | "answer";

export interface NodeTraffic {
  readonly sent: Record<SendReason, number>;
  readonly received: Record<Verdict | "duplicate", number>;
  /** With their length prefixes, before encryption; of gossip its RPCs. */
  readonly frames: Record<LinkProtocol | "gossip", { frames: number; bytes: number }>;
}

export class Traffic {
  readonly #nodes = new Map<number, NodeTraffic>();

  of(node: number): NodeTraffic {
    const known = this.#nodes.get(node);
    if (known !== undefined) return known;
    const none = noTraffic();
    this.#nodes.set(node, none);
    return none;
  }

  /** A frame of so many bytes without its length prefix. */
  frame(node: number, protocol: LinkProtocol | "gossip", bytes: number): void {
    const counted = this.of(node).frames[protocol];
    counted.frames += 1;
    counted.bytes += varintBytes(bytes) + bytes;
  }
}

/** Bytes of a number as a base-128 varint, seven bits in each. */
export function varintBytes(value: number): number {
  return value < 2 ** 7 ? 1 : value < 2 ** 14 ? 2 : value < 2 ** 21 ? 3 : 4;
}

function noTraffic(): NodeTraffic {
  const none = (): { frames: number; bytes: number } => ({ frames: 0, bytes: 0 });
  return {
    sent: { publish: 0, forward: 0, answer: 0 },
    received: { accept: 0, ignore: 0, reject: 0, duplicate: 0 },
    frames: { admit: none(), ack: none(), frontier: none(), walk: none(), peers: none(), gossip: none() },
  };
}
