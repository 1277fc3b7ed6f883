/** The part of the store's contract about what is kept, proven and served. Used by `store-contract.ts`. */
// tidy: long because each function lists the tests of one subject
import { expect, test } from "vitest";
import type { Stamp } from "../../src/base/brand.ts";
import { Prng } from "../../src/base/prng.ts";
import type { OpId, Store } from "../../src/ports/store.ts";
import { decodeParcel } from "../../src/codec/parcel.ts";
import { checkParcel } from "../../src/core/data/batch.ts";
import { merge, served, turn } from "./store-turns.ts";
import { author, fragmentOf, incarnation, network, put, signedBatch } from "./stored-batches.ts";

export function spaceTests(at: () => Store, reopen: () => Promise<void>): void {
  test("a batch of which nothing lives is dropped", () => {
    turn(at(), () => merge(at(), signedBatch(1, [put("a")])));
    turn(at(), () => merge(at(), signedBatch(2, [put("a")])));
    expect(served(at()).map(({ sequence }) => sequence)).toEqual([2]);
    expect(at().headers(author, incarnation, 1)).toEqual([]);
  });

  test("a batch is whole while half of it lives and a fragment below that", async () => {
    const keysOf = (): readonly string[] => (served(at(), 1, 1)[0]?.ops ?? []).map(({ op }) => op.key);
    turn(at(), () =>
      merge(
        at(),
        signedBatch(
          1,
          ["a", "b", "c", "d"].map((key) => put(key)),
        ),
      ),
    );
    turn(at(), () => merge(at(), signedBatch(2, [put("a"), put("c")])));
    expect(keysOf()).toEqual(["a", "b", "c", "d"]);
    turn(at(), () => merge(at(), signedBatch(3, [put("b")])));
    expect(keysOf()).toEqual(["d"]);
    await reopen();
    expect(keysOf()).toEqual(["d"]);
  });

  test("a batch of which little lives from the start is stored as a fragment", () => {
    turn(at(), () =>
      merge(
        at(),
        signedBatch(
          1,
          ["a", "b", "c"].map((key) => put(key)),
        ),
        [1],
      ),
    );
    expect(served(at())[0]?.ops.map(({ op }) => op.key)).toEqual(["b"]);
  });

  test("fragments of one batch come together", () => {
    const batch = signedBatch(
      1,
      ["a", "b", "c", "d", "e"].map((key) => put(key)),
    );
    turn(at(), () => merge(at(), fragmentOf(batch, [1, 4])));
    turn(at(), () => merge(at(), fragmentOf(batch, [0, 1]), [0]));
    const keys = served(at()).flatMap(({ ops }) => ops.map(({ op }) => op.key));
    expect(new Set(keys)).toEqual(new Set(["a", "b", "e"]));
    for (const key of ["a", "b", "e"]) expect(at().living(key)?.stamp).toBe(batch.stamp);
  });

  test("whatever is superseded, everything living is served and proven, in bounded space", async () => {
    const prng = new Prng(7);
    for (let sequence = 1; sequence <= 60; sequence++) {
      const keys = new Set(Array.from({ length: 1 + prng.below(20) }, () => `k${prng.below(40)}`));
      turn(at(), () =>
        merge(
          at(),
          signedBatch(
            sequence,
            [...keys].map((key) => put(key)),
          ),
        ),
      );
      if (sequence % 20 === 0) await reopen();
      const living = at().livingAfter(author, 0 as Stamp, 1_000);
      const parcels = served(at());
      const found = new Set(parcels.flatMap(({ sequence: number, ops }) => ops.map(({ op }) => `${number}/${op.key}`)));
      for (const { op, version } of living)
        expect(found).toContain(`${version.stamp - signedBatch(0, [put("x")]).stamp}/${op.op.key}`);
      expect(found.size).toBeLessThanOrEqual(2 * living.length + parcels.length);
    }
  });

  test("what is retracted is gone without a successor", async () => {
    turn(at(), () => merge(at(), signedBatch(1, [put("a"), put("b")])));
    const ids = ["a", "b"].map((key) => at().living(key)?.id as OpId);
    turn(at(), () => at().apply({ type: "retract", ops: ids }));
    await reopen();
    expect(at().living("a")).toBeUndefined();
    expect(served(at())).toEqual([]);
    turn(at(), () => merge(at(), signedBatch(2, [put("a")])));
    expect(at().living("a")?.stamp).toBe(signedBatch(2, [put("a")]).stamp);
  });
}

export function parcelTests(at: () => Store): void {
  const idOf = (key: string): OpId => at().living(key)?.id ?? -1;
  const opened = (parcels: readonly Uint8Array[]): readonly (readonly string[])[] =>
    parcels.map((bytes) => {
      const decoded = decodeParcel(bytes);
      if (!decoded.ok) throw new Error(`a fragment is ${decoded.code}`);
      expect(checkParcel(decoded.value, network)).toMatchObject({ ok: true });
      return decoded.value.ops.map(({ op }) => op.key);
    });

  test("living operations are had as proven fragments, those of one batch together", () => {
    turn(at(), () =>
      merge(
        at(),
        signedBatch(
          1,
          ["a", "b", "c", "d", "e"].map((key) => put(key)),
        ),
      ),
    );
    turn(at(), () => merge(at(), signedBatch(2, [put("x"), put("y")])));
    const fragments = (keys: readonly string[]): readonly (readonly string[])[] =>
      opened(at().fragments(keys.map(idOf), 100_000).parcels);
    expect(fragments(["b"])).toEqual([["b"]]);
    expect(fragments(["a", "c", "e", "y"])).toEqual([["a", "c", "e"], ["y"]]);
    expect(fragments(["a", "b", "c", "d", "e", "x", "y"])).toEqual([
      ["a", "b", "c", "d", "e"],
      ["x", "y"],
    ]);
    turn(at(), () => merge(at(), signedBatch(3, [put("a"), put("b"), put("c")])));
    expect(fragments(["d", "e"])).toEqual([["d", "e"]]);
    expect(fragments(["e"])).toEqual([["e"]]);
  });

  test("fragments end when the bytes asked for are reached, there is always one, and what lives no longer is passed over", () => {
    const keys = Array.from({ length: 20 }, (_, i) => `k${String(i).padStart(2, "0")}`);
    turn(at(), () =>
      merge(
        at(),
        signedBatch(
          1,
          keys.map((key) => put(key, 1_000)),
        ),
      ),
    );
    const ids = keys.map(idOf);
    const dead = [...ids];
    turn(at(), () => merge(at(), signedBatch(2, [put("k00", 1_000), put("k05", 1_000)])));
    for (const bytesMax of [1, 3_000, 9_000, 1_000_000]) {
      const all: string[] = [];
      for (let left: readonly OpId[] = dead; left.length > 0;) {
        const { parcels, taken } = at().fragments(left, bytesMax);
        expect(taken).toBeGreaterThan(0);
        const bytes = parcels.reduce((sum, parcel) => sum + parcel.length, 0);
        expect(parcels.length <= 1 || bytes <= bytesMax).toBe(true);
        all.push(...opened(parcels).flat());
        left = left.slice(taken);
      }
      expect(all).toEqual(keys.filter((key) => key !== "k00" && key !== "k05"));
    }
    expect(at().fragments([1_000_000], 100)).toEqual({ parcels: [], taken: 1 });
  });

  test("parcels come in order, only those asked for", () => {
    for (const sequence of [5, 2, 9, 3]) turn(at(), () => merge(at(), signedBatch(sequence, [put(`k${sequence}`)])));
    expect(served(at(), 2, 5).map(({ sequence }) => sequence)).toEqual([2, 3, 5]);
    expect(served(at(), 6, 8)).toEqual([]);
  });

  test("parcels end only when the bytes asked for are reached, and there is always one", () => {
    for (let sequence = 1; sequence <= 10; sequence++)
      turn(at(), () => merge(at(), signedBatch(sequence, [put(`k${sequence}`, 500)])));
    const sizes = at()
      .parcels({ author, incarnation, from: 1, to: 10, skip: 0, bytesMax: 1e9 })
      .map(({ bytes }) => bytes.length);
    expect(sizes).toHaveLength(10);
    for (const bytesMax of [1, 700, 1_500, 2_900, 5_000, 100_000]) {
      const found = at()
        .parcels({ author, incarnation, from: 1, to: 10, skip: 0, bytesMax })
        .map(({ bytes }) => bytes.length);
      const sum = (list: readonly number[]): number => list.reduce((total, each) => total + each, 0);
      expect(found.length).toBeGreaterThan(0);
      expect(sum(found.slice(0, -1))).toBeLessThan(bytesMax);
      expect(found.length === 10 || sum(found) >= bytesMax).toBe(true);
    }
  });

  test("two batches under one number are both kept, and can be taken one after the other", () => {
    turn(at(), () => merge(at(), signedBatch(4, [put("a", 300)])));
    turn(at(), () => merge(at(), signedBatch(4, [put("b", 300)])));
    turn(at(), () => merge(at(), signedBatch(5, [put("c", 300)])));
    expect(at().headers(author, incarnation, 4)).toHaveLength(2);
    expect(served(at()).map(({ sequence }) => sequence)).toEqual([4, 4, 5]);
    const [first, second, third] = at().parcels({ author, incarnation, from: 1, to: 9, skip: 0, bytesMax: 1e9 });
    expect(at().parcels({ author, incarnation, from: 1, to: 9, skip: 0, bytesMax: 10 })).toEqual([first]);
    expect(at().parcels({ author, incarnation, from: 4, to: 9, skip: 1, bytesMax: 10 })).toEqual([second]);
    expect(at().parcels({ author, incarnation, from: 4, to: 9, skip: 2, bytesMax: 10 })).toEqual([third]);
  });
}
