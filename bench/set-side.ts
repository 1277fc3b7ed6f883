/**
 * One side of a comparison of large sets: the trie, and the processor time that this side's machines
 * take. Entries are numbers; what stands for their batches has the length of a typical fragment and
 * is counted apart, because it would have to be sent by any other method as well.
 */
import type { Instant, Time } from "../src/base/brand.ts";
import { type Bytes, utf8Encode } from "../src/base/bytes.ts";
import type { Beacon } from "../src/codec/frontier.ts";
import type { TrieEntry } from "../src/core/data/trie/entries.ts";
import { Trie } from "../src/core/data/trie/trie.ts";
import type { Effect } from "../src/core/effects.ts";
import { trieCacheBytesMax } from "../src/core/replica/limits.ts";
import { sha256 } from "../src/crypto/hash.ts";
import { entryDigest, triePosition } from "../src/crypto/trie-hash.ts";
import type { OpId, StoreView } from "../src/ports/store.ts";

/** Bytes of a fragment with one value of 128 bytes. Measured: header, signature and a short proof are the rest. */
export const parcelBytes = 450;

export class SetSide {
  readonly trie: Trie = new Trie({ pages: [], load: nothingOnDisk, cacheBytesMax: trieCacheBytesMax });
  readonly out: Effect[] = [];
  /** Processor time of this side, user and system. */
  cpuMs = 0;
  mono = 0;

  add(entry: TrieEntry): void {
    this.trie.set(entry);
  }

  /** Counts the processor time of `act` as this side's. */
  spend<T>(act: () => T): T {
    const before = process.cpuUsage();
    const result = act();
    const { user, system } = process.cpuUsage(before);
    this.cpuMs += (user + system) / 1_000;
    return result;
  }

  get now(): Time {
    return { wall: this.mono as Instant, mono: this.mono };
  }

  readonly holdings = {
    snapshot: () => this.trie.snapshot(),
    beacon: (): Beacon => {
      const { count, hash } = this.trie.summary();
      return { clock: 1 as Instant, summary: { count, root: hash }, stale: false, full: false, heldBack: 0 };
    },
  };

  /** Serves each entry as a parcel that says its number. */
  readonly view = {
    fragments: (ids: readonly OpId[], bytesMax: number) => {
      const taken = Math.min(ids.length, Math.ceil(bytesMax / parcelBytes));
      return { parcels: ids.slice(0, taken).map(parcelOf), taken };
    },
  } as Pick<StoreView, "fragments"> as StoreView;

  /** Takes the frames that wait to be sent. */
  frames(): readonly Bytes[] {
    return this.out
      .splice(0)
      .flatMap((effect) => (effect.type === "network" && effect.order.type === "send" ? [effect.order.frame] : []));
  }
}

/** Entry number `number` of the set, in its version `version`. */
export function entryOf(number: number, version = 1): TrieEntry {
  const position = triePosition(`key/${number}`);
  return { position, digest: entryDigest(sha256(utf8Encode(`${number}/${version}`)), position), id: number };
}

export function parcelOf(id: OpId): Bytes {
  const parcel = new Uint8Array(parcelBytes);
  new DataView(parcel.buffer).setUint32(0, id);
  return parcel;
}

export function numberOf(parcel: Bytes): number {
  return new DataView(parcel.buffer, parcel.byteOffset).getUint32(0);
}

function nothingOnDisk(): never {
  throw new Error("this trie has no pages on disk");
}
