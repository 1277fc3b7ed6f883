import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createMemoryStore } from "../../../sim/memory-store.ts";
import type { Author, BatchId, Incarnation, Instant, NetworkId, Stamp } from "../../base/brand.ts";
import { toHex, utf8Encode } from "../../base/bytes.ts";
import { Prng } from "../../base/prng.ts";
import type { Op, Replaces } from "../../codec/op.ts";
import { decodeParcel, encodeParcel } from "../../codec/parcel.ts";
import { sha256 } from "../../crypto/hash.ts";
import { leafOf, narrowProof } from "../../crypto/merkle.ts";
import type { Signer } from "../../crypto/ed25519.ts";
import { triePosition } from "../../crypto/trie-hash.ts";
import type { Store } from "../../ports/store.ts";
import { type CheckedParcel, checkParcel, makeBatch } from "./batch.ts";
import { type Merge, mergeParcel, rowOf } from "./merge.ts";
import { Trie } from "./trie/trie.ts";

const network = "11".repeat(32) as NetworkId;
const noFloor = 0 as Stamp;
const keys = ["a", "b", "c", "d"];
/** Signatures are checked elsewhere; merging never looks at them. */
const signerOf = (author: number): Signer => ({
  author: author.toString(16).padStart(64, "0") as Author,
  sign: () => new Uint8Array(64),
});

interface Draft {
  readonly key: string;
  readonly value?: string;
  readonly replaces?: Replaces;
}

function batchOf(author: number, sequence: number, stamp: number, drafts: readonly Draft[]): CheckedParcel {
  const ops = drafts.map(({ key, value, replaces }): Op => ({
    key,
    content: value === undefined ? { type: "tombstone" } : { type: "value", value: Buffer.from(value) },
    ttlSeconds: undefined,
    replaces,
  }));
  const numbers = { network, incarnation: "22".repeat(8) as Incarnation, sequence, stamp: stamp as Stamp };
  const made = makeBatch(ops, numbers, signerOf(author));
  if (!made.ok) throw new Error(made.code);
  return made.value.parcel;
}

/** Merges as the replica does: one turn each, the living set kept by the store. */
function apply(store: Store, parcel: CheckedParcel, floor: Stamp = noFloor): Merge {
  store.begin();
  const merge = mergeParcel(parcel, store, floor);
  if (merge.ops.some(({ living }) => living)) {
    store.apply({
      type: "merge",
      parcel: rowOf(parcel, merge, { at: 1 as Instant, via: { type: "own" } }),
      supersedes: merge.replaced.map(({ id }) => id),
    });
  }
  store.commit();
  return merge;
}

/** What lives: each key with its version. */
function livingSet(store: Store): string {
  return keys
    .flatMap((key) => {
      const living = store.living(key);
      if (living === undefined) return [];
      const { version, op } = store.entry(living.id);
      return [`${key} ${version.stamp} ${version.author.slice(-2)} ${version.batch} ${toHex(op.bytes)}`];
    })
    .join("\n");
}

/** The root over the living set, each entry named by its key and batch. */
function root(store: Store): string {
  const trie = new Trie({ pages: [], load: () => new Uint8Array(0), cacheBytesMax: 0 });
  for (const key of keys) {
    const living = store.living(key);
    if (living === undefined) continue;
    const digest = sha256(utf8Encode(store.entry(living.id).version.batch));
    trie.set({ position: triePosition(key), digest, id: living.id });
  }
  return toHex(trie.summary().hash);
}

function after(parcels: readonly CheckedParcel[]): Store {
  const store = createMemoryStore();
  for (const parcel of parcels) apply(store, parcel);
  return store;
}

/** A fragment of a batch with only the operations at some places, as a peer would send it. */
function fragmentOf(parcel: CheckedParcel, keep: readonly number[]): CheckedParcel {
  const count = parcel.header.opsCount;
  const leaves = parcel.ops.map(({ index, bytes }) => ({ index, leaf: leafOf(bytes) }));
  const ops = parcel.ops.filter(({ index }) => keep.includes(index));
  const proof = narrowProof(count, leaves, [], new Set(keep));
  const decoded = decodeParcel(encodeParcel(parcel.signedHeader, count, ops, proof));
  const checked = decoded.ok ? checkParcel(decoded.value, network) : decoded;
  if (!checked.ok) throw new Error(checked.code);
  return checked.value;
}

/** Three writers who overwrite each other's keys with few stamps, so that ties and conflicts are common. */
const anyParcels = fc.tuple(fc.integer(), fc.integer({ min: 1, max: 8 })).map(([seed, count]) => {
  const prng = new Prng(seed);
  const seen: { key: string; replaces: Replaces }[] = [];
  return Array.from({ length: count }, (_, i) => {
    const stamp = 1_000 + prng.below(4);
    const chosen = keys.filter(() => prng.chance(0.6));
    const drafts = (chosen.length === 0 ? ["a"] : chosen).map((key): Draft => {
      const known = seen.filter((each) => each.key === key);
      const replaces = known.length > 0 && prng.chance(0.5) ? { replaces: prng.pick(known).replaces } : {};
      return prng.chance(0.3) ? { key, ...replaces } : { key, value: `${i}`, ...replaces };
    });
    const parcel = batchOf(prng.below(3), i + 1, stamp, drafts);
    for (const { key } of drafts) seen.push({ key, replaces: { stamp: stamp as Stamp, batch: parcel.id } });
    return parcel;
  });
});

const shuffled = <T>(items: readonly T[], prng: Prng): T[] =>
  items
    .map((item) => ({ item, at: prng.u32() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);

describe("merging", () => {
  test("ends in the same living set in any order, with any repeats", () => {
    fc.assert(
      fc.property(anyParcels, fc.integer(), (parcels, seed) => {
        const prng = new Prng(seed);
        const expected = after(parcels);
        const store = after(shuffled([...parcels, ...parcels.filter(() => prng.chance(0.5))], prng));
        expect(livingSet(store)).toBe(livingSet(expected));
        expect(root(store)).toBe(root(expected));
      }),
    );
  });

  test("a second time changes nothing", () => {
    fc.assert(
      fc.property(anyParcels, (parcels) => {
        const store = after(parcels);
        const before = livingSet(store);
        for (const parcel of parcels) {
          const merge = apply(store, parcel);
          expect([merge.replaced, merge.ops.filter(({ living }) => living)]).toEqual([[], []]);
        }
        expect(livingSet(store)).toBe(before);
      }),
    );
  });

  test("in groups that were merged apart ends in the same set (associative)", () => {
    fc.assert(
      fc.property(anyParcels, anyParcels, anyParcels, (a, b, c) => {
        expect(livingSet(after([...a, ...b, ...c]))).toBe(livingSet(after([...c, ...a, ...b])));
      }),
      { numRuns: 40 },
    );
  });

  test("of the living fragments alone ends in the same set as of the whole batches", () => {
    fc.assert(
      fc.property(anyParcels, fc.integer(), (parcels, seed) => {
        const whole = after(parcels);
        const batches = new Map(parcels.map((parcel) => [parcel.id, parcel]));
        const fragments = [...batches.values()].flatMap((parcel) => {
          const living = parcel.ops.filter(
            ({ op }) => whole.entry(whole.living(op.key)!.id).version.batch === parcel.id,
          );
          return living.length === 0
            ? []
            : [
                fragmentOf(
                  parcel,
                  living.map(({ index }) => index),
                ),
              ];
        });
        expect(livingSet(after(shuffled(fragments, new Prng(seed))))).toBe(livingSet(whole));
      }),
    );
  });

  test("keeps per key the largest version there is", () => {
    fc.assert(
      fc.property(anyParcels, (parcels) => {
        const store = after(parcels);
        for (const key of keys) {
          const stamps = parcels.flatMap((parcel) =>
            parcel.ops
              .filter(({ op }) => op.key === key)
              .map(({ op }) => Math.max(parcel.header.stamp, (op.replaces?.stamp ?? 0) + 1)),
          );
          expect(store.living(key)?.stamp).toBe(stamps.length === 0 ? undefined : Math.max(...stamps));
        }
      }),
    );
  });
});

describe("an overwrite and a conflict", () => {
  const first = batchOf(1, 1, 100, [{ key: "a", value: "one" }]);
  const informed = batchOf(2, 1, 200, [{ key: "a", value: "two", replaces: { stamp: 100 as Stamp, batch: first.id } }]);
  const blind = batchOf(2, 1, 200, [{ key: "a", value: "two" }]);
  const third = batchOf(3, 1, 300, [{ key: "a", replaces: { stamp: 200 as Stamp, batch: informed.id } }]);

  test.each<[string, readonly CheckedParcel[], number]>([
    ["an informed overwrite is none", [first, informed], 0],
    ["nor when it arrives first", [informed, first], 0],
    ["a blind overwrite is one", [first, blind], 1],
    ["also when it arrives first", [blind, first], 1],
    ["what was seen through another version is none", [first, third, informed], 0],
  ])("%s", (_, parcels, count) => {
    const store = createMemoryStore();
    const conflicts = parcels.flatMap((parcel) => apply(store, parcel).conflicts);
    expect(conflicts.length).toBe(count);
    for (const { winner, loser } of conflicts) expect([winner.stamp, loser.stamp]).toEqual([200, 100]);
  });
});

describe("the floor", () => {
  const old = batchOf(1, 1, 1_000, [
    { key: "a", value: "old" },
    { key: "b", value: "old" },
  ]);
  const floor = 5_000 as Stamp;

  test("refuses old operations on keys that are not held, and stores nothing of them", () => {
    const store = createMemoryStore();
    const merge = apply(store, old, floor);
    expect([merge.belowFloor, merge.ops.map(({ living }) => living)]).toEqual([2, [false, false]]);
    expect(livingSet(store)).toBe("");
  });

  test("lets an old operation overwrite an older one that is held", () => {
    const store = after([batchOf(2, 1, 500, [{ key: "a", value: "older" }])]);
    const merge = apply(store, old, floor);
    expect([merge.belowFloor, merge.ops.map(({ living }) => living)]).toEqual([1, [true, false]]);
  });

  test("refuses a deletion that is due already, also where something older is held", () => {
    const store = after([batchOf(2, 1, 500, [{ key: "a", value: "older" }])]);
    const before = livingSet(store);
    const deletion = batchOf(1, 1, 1_000, [{ key: "a" }]);
    expect([apply(store, deletion, floor).belowFloor, livingSet(store)]).toEqual([1, before]);
    expect(apply(store, deletion, 1_000 as Stamp).ops.map(({ living }) => living)).toEqual([true]);
  });

  test("takes a stamp exactly at it", () => {
    expect(apply(createMemoryStore(), old, 1_000 as Stamp).belowFloor).toBe(0);
    expect(apply(createMemoryStore(), old, 1_001 as Stamp).belowFloor).toBe(2);
  });
});

test("of two versions with one stamp and author the larger batch id wins on every replica", () => {
  const twins = [batchOf(1, 1, 100, [{ key: "a", value: "x" }]), batchOf(1, 1, 100, [{ key: "a", value: "y" }])];
  const winner = twins.map(({ id }) => id).sort()[1] as BatchId;
  for (const order of [twins, twins.toReversed()]) expect(livingSet(after(order))).toContain(winner);
});
