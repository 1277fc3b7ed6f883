/** A set of keys and versions for tests of walks, and what their frames say. */
import type { Instant, PeerId, Time } from "../../src/base/brand.ts";
import { type Bytes, toHex, utf8Encode } from "../../src/base/bytes.ts";
import { type WalkMessage, decodeWalk } from "../../src/codec/walk.ts";
import type { Effect } from "../../src/core/effects.ts";
import { Trie } from "../../src/core/data/trie/trie.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { entryDigest, triePosition } from "../../src/crypto/trie-hash.ts";
import type { LinkId } from "../../src/ports/network.ts";
import type { OpId, StoreView } from "../../src/ports/store.ts";

export const [ann, bea] = ["12D3KooWann", "12D3KooWbea"] as [PeerId, PeerId];
export const link: LinkId = 1;
export type Values = Readonly<Record<string, number>>;

/** A set of keys and versions; entries are sent as their ids, in frames of as many as `perFrame`. */
export class Holder {
  readonly trie = new Trie({ pages: [], load: () => new Uint8Array(0), cacheBytesMax: 1 << 26 });
  readonly byId = new Map<OpId, readonly [string, number]>();
  readonly versions = new Map<string, number>();
  readonly out: Effect[] = [];
  mono = 0;
  #ids = 0;

  constructor(values: Values) {
    for (const [key, version] of Object.entries(values)) this.set(key, version);
  }

  set(key: string, version: number): void {
    const id = ++this.#ids;
    this.byId.set(id, [key, version]);
    this.versions.set(key, version);
    this.trie.set({
      position: triePosition(key),
      digest: entryDigest(sha256(utf8Encode(`${version}`)), triePosition(key)),
      id,
    });
  }

  get now(): Time {
    return { wall: this.mono as Instant, mono: this.mono };
  }

  get root(): string {
    return toHex(this.trie.summary().hash);
  }

  readonly holdings = {
    snapshot: () => this.trie.snapshot(),
    beacon: () => ({
      clock: 1 as Instant,
      summary: { count: this.trie.count, root: this.trie.summary().hash },
      stale: false,
      full: false,
      heldBack: 0,
    }),
  };

  readonly view = {
    fragments: (ids: readonly OpId[], bytesMax: number) => {
      const taken = Math.min(ids.length, Math.ceil(bytesMax / 4_096));
      return { parcels: ids.slice(0, taken).map((id) => utf8Encode(JSON.stringify(this.byId.get(id)))), taken };
    },
  } as Pick<StoreView, "fragments"> as StoreView;

  frames(): readonly Bytes[] {
    return this.out
      .splice(0)
      .flatMap((effect) => (effect.type === "network" && effect.order.type === "send" ? [effect.order.frame] : []));
  }
}

/** What a frame says, parcels left as the bytes they came in. */
export function said(frame: Bytes): WalkMessage | { type: "parcels"; session: number; parcels: readonly Bytes[] } {
  if (frame[0] !== 5) {
    const decoded = decodeWalk(frame);
    if (!decoded.ok) throw new Error(decoded.code);
    return decoded.value;
  }
  const view = new DataView(frame.buffer, frame.byteOffset);
  const parcels: Bytes[] = [];
  for (let at = 7; at < frame.length;) {
    const length = view.getUint32(at);
    parcels.push(frame.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return { type: "parcels", session: view.getUint32(1), parcels };
}

export const everyHash = (byte: number): readonly Bytes[] => new Array<Bytes>(16).fill(new Uint8Array(16).fill(byte));

export function numbered(count: number, version = 1, from = 0): Values {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`key-${from + i}`, version]));
}
