/**
 * Reads a peer's gossip stream in the library's place, which tells nobody of an RPC that is broken
 * and counts none. What no correct node of ours sends is reported; the rest is counted against the
 * peer's rates. Work is measured here because it happens after the socket's turn is over.
 */
import type { PeerId as Libp2pPeerId } from "@libp2p/interface";
import { assert } from "../../base/assert.ts";
import type { PeerId } from "../../base/brand.ts";
import type { InputWatch } from "./rates/input-watch.ts";
import { wordsOf } from "./words-of.ts";

interface Mention {
  readonly topic?: string;
  readonly topicID?: string;
}

interface ReceivedRpc {
  readonly subscriptions: readonly Mention[];
  readonly messages: readonly (Mention & { readonly from?: Uint8Array; readonly seqno?: Uint8Array })[];
  readonly control?: {
    readonly ihave: readonly Mention[];
    readonly iwant: readonly object[];
    readonly graft: readonly Mention[];
    readonly prune: readonly Mention[];
  };
}

/** The parts of GossipSub that are replaced and used. */
interface Reading {
  pipePeerReadStream(peer: Libp2pPeerId, source: AsyncIterable<{ subarray(): Uint8Array }>): Promise<void>;
  handlePeerReadStreamError(error: Error, peer: Libp2pPeerId): void;
  decodeRpc(bytes: Uint8Array): unknown;
  handleReceivedRpc(from: Libp2pPeerId, rpc: unknown): Promise<void>;
}

/** Errors of it-length-prefixed about lengths that no correct node sends. A stream that ends early is none. */
const lengthErrors = ["InvalidDataLengthError", "InvalidDataLengthLengthError", "InvalidMessageLengthError"];

export function readGossip(sub: Reading, topic: string, watch: InputWatch): void {
  for (const name of ["pipePeerReadStream", "handlePeerReadStreamError", "handleReceivedRpc"] as const)
    assert(typeof sub[name] === "function", `gossipsub has ${name}`);
  sub.pipePeerReadStream = async (from, source) => {
    const peer = from.toString() as PeerId;
    try {
      for await (const data of source) {
        const before = process.threadCpuUsage();
        const isGood = take(sub, from, data.subarray(), topic, watch);
        const { user, system } = process.threadCpuUsage(before);
        watch.slow(peer, "processorMs", (user + system) / 1_000);
        if (!isGood) return;
      }
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(wordsOf(cause));
      if (lengthErrors.includes(error.name)) watch.misbehaved(peer, "a gossip RPC over the limit");
      sub.handlePeerReadStreamError(error, from);
    }
  };
}

function take(sub: Reading, from: Libp2pPeerId, bytes: Uint8Array, topic: string, watch: InputWatch): boolean {
  const peer = from.toString() as PeerId;
  let rpc: ReceivedRpc;
  try {
    rpc = sub.decodeRpc(bytes) as ReceivedRpc;
  } catch {
    watch.misbehaved(peer, "a malformed gossip RPC");
    return false;
  }
  // Source: gossipsub's signature policy StrictNoSign, which all nodes here keep
  if (rpc.messages.some(({ from: author, seqno }) => author !== undefined || seqno !== undefined)) {
    watch.misbehaved(peer, "a gossip message with a sender or a number");
    return false;
  }
  const { ihave = [], iwant = [], graft = [], prune = [] } = rpc.control ?? {};
  const mentions = [...rpc.subscriptions, ...rpc.messages, ...ihave, ...graft, ...prune];
  const foreign = mentions.filter((each) => (each.topic ?? each.topicID) !== topic);
  watch.slow(peer, "gossipRpcs", 1);
  watch.slow(peer, "gossipMessages", rpc.messages.length);
  const orders = rpc.subscriptions.length + ihave.length + iwant.length + graft.length + prune.length;
  watch.bound(peer, "gossipControl", orders);
  watch.bound(peer, "foreignTopics", foreign.length);
  if (watch.isParting(peer)) return false;
  // The library catches what goes wrong in a message; what is left concerns this RPC alone
  sub.handleReceivedRpc(from, rpc).catch(() => undefined);
  return true;
}
