/**
 * What the larger holders of memory may hold under a limit, decided once at the start: without a limit what the parts
 * were made for, with one no more than a share of it each.
 */
import { memoryShare } from "./limits.ts";

export interface MemoryPlan {
  /** Of each of the two connections to the database, in MiB. */
  readonly cacheMiB: number;
  /** Clean pages of the Merkle trie. */
  readonly trieBytes: number;
  /** Values in requests of this node's own users under way. */
  readonly requestBytes: number;
  /** Input that is not understood or judged yet. */
  readonly inputBytes: number;
  /** Gossip that waits for slow peers. */
  readonly gossipBytes: number;
  /** Young objects of the replica's thread, in MiB; undefined for V8's own choice. */
  readonly youngMiB: number | undefined;
}

export function planMemory(limitBytes: number | undefined, usual: MemoryPlan): MemoryPlan {
  if (limitBytes === undefined) return usual;
  const share = Math.floor(limitBytes * memoryShare);
  return {
    cacheMiB: Math.max(2, Math.min(usual.cacheMiB, Math.floor(share / 2 ** 20))),
    trieBytes: Math.min(usual.trieBytes, share),
    requestBytes: Math.min(usual.requestBytes, share),
    inputBytes: Math.min(usual.inputBytes, 2 * share),
    gossipBytes: Math.min(usual.gossipBytes, share),
    youngMiB: Math.max(4, Math.floor(share / 2 ** 20)),
  };
}
