/**
 * The Merkle trie of this replica: opened from the pages on disk, kept in step with what is
 * merged, and written back a few pages at a time. Opening sets anew what the pages may lack
 * (`trie.ts`, invariant 2), so it takes time with what was written last, not with what is held.
 */
import type { BatchId } from "../../base/brand.ts";
import { assert } from "../../base/assert.ts";
import { type Bytes, fromHex } from "../../base/bytes.ts";
import type { SetSummary } from "../../codec/frontier.ts";
import { leafOf } from "../../crypto/merkle.ts";
import { entryDigest, triePosition } from "../../crypto/trie-hash.ts";
import type { OpId, StoreView } from "../../ports/store.ts";
import type { TrieSnapshot } from "../data/trie/snapshot.ts";
import { Trie } from "../data/trie/trie.ts";
import type { CheckedParcel } from "../data/batch.ts";
import type { Merge } from "../data/merge.ts";
import type { EffectSink } from "../effects.ts";
import { replayedAtOnce, trieCacheBytesMax, triePagesPerTurn, trieReplayShare } from "./limits.ts";

export class LivingTrie {
  readonly #trie: Trie;
  readonly #replayOpsMin: number;

  constructor(view: StoreView, replayOpsMin: number, cacheBytesMax: number = trieCacheBytesMax) {
    const { pages, from } = view.trie();
    this.#replayOpsMin = replayOpsMin;
    this.#trie = new Trie({ pages, load: (path) => view.triePage(path), cacheBytesMax });
    this.#replay(from, view);
  }

  summary(): SetSummary {
    const { count, hash } = this.#trie.summary();
    return { count, root: hash };
  }

  get count(): number {
    return this.#trie.count;
  }

  snapshot(): TrieSnapshot {
    return this.#trie.snapshot();
  }

  /** Takes in what lives of a merged parcel, whose first operation has the id `firstId`. */
  merged({ id, leaves }: CheckedParcel, { ops }: Merge, firstId: OpId): void {
    const batch = batchBytes(id);
    ops.forEach(({ op, living }, index) => {
      if (living) this.#set(op.key, batch, leaves[index] as Bytes, firstId + index);
    });
  }

  forgotten(key: string, nextId: OpId): void {
    this.#trie.remove(triePosition(key), nextId);
  }

  /** Writes back what has waited long enough, and what must not wait. */
  endTurn(view: StoreView, out: EffectSink): void {
    const next = view.nextId();
    const replayOpsMax = Math.max(this.#replayOpsMin, this.#trie.count * trieReplayShare);
    this.#write(next - replayOpsMax, triePagesPerTurn, next, out);
  }

  /** Writes back everything, so that the next start replays nothing. */
  close(view: StoreView, out: EffectSink): void {
    const next = view.nextId();
    this.#write(next, Infinity, next, out);
  }

  #write(before: OpId, pagesMax: number, next: OpId, out: EffectSink): void {
    const dirty = this.#trie.takeDirty(before, pagesMax, next);
    if (dirty !== undefined) out.push({ type: "persist", write: { type: "setTrie", ...dirty } });
  }

  #replay(from: OpId, view: StoreView): void {
    for (let next: OpId | undefined = from; next !== undefined;) {
      const entries = view.livingFrom(next, replayedAtOnce);
      for (const { id, op, version } of entries) this.#set(op.op.key, batchBytes(version.batch), leafOf(op.bytes), id);
      const last = entries.at(-1);
      next = last === undefined ? undefined : last.id + 1;
    }
  }

  #set(key: string, batch: Bytes, leaf: Bytes, id: OpId): void {
    this.#trie.set({ position: triePosition(key), digest: entryDigest(batch, leaf), id });
  }
}

function batchBytes(batch: BatchId): Bytes {
  const bytes = fromHex(batch);
  assert(bytes?.length === 32, "a batch id is 32 bytes of hex");
  return bytes;
}
