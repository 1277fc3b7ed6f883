/**
 * What every store promises (`ports/store.ts`), as a suite that each implementation passes: turns,
 * what survives a reopening, the rule of space with its proofs, and the reads.
 *
 * `reopen` ends the store as a crash would, an open turn included, and opens it anew.
 */
// tidy: long because each function lists the tests of one subject
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Instant, PeerId, Stamp } from "../../src/base/brand.ts";
import type { Op } from "../../src/codec/op.ts";
import { asideMax } from "../../src/core/data/limits.ts";
import type { Arrival, AsideEntry, OpId, Store, StoreState, StoreWrite, TriePageRow } from "../../src/ports/store.ts";
import type { KnownAddress } from "../../src/ports/known-address.ts";
import type { PeerRule } from "../../src/ports/peer-rule.ts";
import type { PartitionRecord } from "../../src/ports/partition.ts";
import { parcelTests, spaceTests } from "./store-space-contract.ts";
import { merge, served, turn } from "./store-turns.ts";
import { author, fragmentOf, incarnation, ownArrival, put, signedBatch } from "./stored-batches.ts";

export interface OpenedStore {
  readonly store: Store;
  reopen(): Promise<Store>;
  dispose(): Promise<void>;
  /** Losing versions remembered, oldest first. */
  conflicts(): Promise<readonly { readonly key: string; readonly at: number }[]>;
}

export function storeContract(name: string, open: () => Promise<OpenedStore>): void {
  describe(`${name} keeps the store's contract:`, () => {
    let opened: OpenedStore;
    let store: Store;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.dispose());
    const reopen = async (): Promise<void> => {
      store = await opened.reopen();
    };
    const at = (): Store => store;
    turnTests(at, reopen);
    spaceTests(at, reopen);
    parcelTests(at);
    readTests(at, reopen);
    test("conflicts are kept for a day, four of a key", async () => {
      const loser = { stamp: 1 as Stamp, author, batch: signedBatch(1, [put("x")]).id };
      const addAt = (time: number, key: string): void =>
        turn(store, () =>
          store.apply({
            type: "addConflict",
            conflict: { key, at: time as Instant, loser, winner: loser, value: undefined },
          }),
        );
      for (let time = 1; time <= 6; time++) addAt(time, "a");
      addAt(7, "b");
      expect((await opened.conflicts()).map((conflict) => conflict.at)).toEqual([3, 4, 5, 6, 7]);
      addAt(86_400_000 + 100, "c");
      expect((await opened.conflicts()).map((conflict) => conflict.key)).toEqual(["c"]);
    });
  });
}

function turnTests(at: () => Store, reopen: () => Promise<void>): void {
  test("a new store is empty", () => {
    expect(at().state()).toBeUndefined();
    expect(at().living("k")).toBeUndefined();
    expect(at().origins()).toEqual([]);
    expect(at().parcels({ author, incarnation, from: 1, to: 10, skip: 0, bytesMax: 1_000 })).toEqual([]);
    expect(at().headers(author, incarnation, 1)).toEqual([]);
    expect(at().livingAfter(author, 0 as Stamp, 10)).toEqual([]);
  });

  test("reads inside a turn see its writes", () => {
    const store = at();
    const batch = signedBatch(1, [put("a"), put("b")]);
    store.begin();
    merge(store, batch);
    store.apply({ type: "setState", state: someState(7) });
    const id = store.living("a")?.id as OpId;
    expect(store.entry(id).version).toEqual({ stamp: batch.stamp, author, batch: batch.id });
    expect(served(store)).toHaveLength(1);
    expect(store.state()).toEqual(someState(7));
    merge(store, signedBatch(2, [put("a")]));
    expect(store.living("a")?.id).not.toBe(id);
    store.commit();
    expect(store.living("a")?.stamp).toBe(batch.stamp + 1);
  });

  test("what was committed is there after reopening", async () => {
    turn(at(), () => {
      merge(at(), signedBatch(1, [put("a"), put("b"), put("c")]));
      merge(at(), signedBatch(2, [put("b")]));
      at().apply({ type: "setOrigin", origin: { author, incarnation, ranges: [[1, 2]] } });
      at().apply({ type: "setState", state: someState(2) });
    });
    const before = {
      parcels: at().parcels({ author, incarnation, from: 1, to: 9, skip: 0, bytesMax: 1e9 }),
      living: at().livingAfter(author, 0 as Stamp, 9),
    };
    await reopen();
    expect(at().parcels({ author, incarnation, from: 1, to: 9, skip: 0, bytesMax: 1e9 })).toEqual(before.parcels);
    expect(new Set(at().livingAfter(author, 0 as Stamp, 9))).toEqual(new Set(before.living));
    expect(at().origins()).toEqual([{ author, incarnation, ranges: [[1, 2]] }]);
    expect(at().state()).toEqual(someState(2));
  });

  test("of a turn that was not committed nothing is left", async () => {
    turn(at(), () => {
      merge(at(), signedBatch(1, [put("a"), put("b"), put("c")]));
      at().apply({ type: "setState", state: someState(1) });
    });
    const before = at().parcels({ author, incarnation, from: 1, to: 9, skip: 0, bytesMax: 1e9 });
    at().begin();
    merge(at(), signedBatch(2, [put("a"), put("b"), put("new")]));
    at().apply({ type: "setOrigin", origin: { author, incarnation, ranges: [[1, 2]] } });
    at().apply({ type: "setState", state: someState(2) });
    await reopen();
    expect(at().parcels({ author, incarnation, from: 1, to: 9, skip: 0, bytesMax: 1e9 })).toEqual(before);
    expect(at().living("new")).toBeUndefined();
    expect(at().state()).toEqual(someState(1));
    expect(at().living("a")?.stamp).toBe(signedBatch(1, [put("a")]).stamp);
    turn(at(), () => merge(at(), signedBatch(2, [put("a")])));
    expect(served(at()).map(({ sequence }) => sequence)).toEqual([1, 2]);
  });
}

function readTests(at: () => Store, reopen: () => Promise<void>): void {
  test("an entry is given back byte for byte", async () => {
    const replaces = { stamp: 5 as Stamp, batch: signedBatch(9, [put("x")]).id };
    const batch = signedBatch(1, [
      put("ключ 🗝"),
      { key: "gone", content: { type: "tombstone" }, ttlSeconds: undefined, replaces },
      { key: "ttl", content: { type: "value", value: new Uint8Array(0) }, ttlSeconds: 4_000_000_000, replaces },
      {
        key: "blob",
        content: { type: "blob", hash: new Uint8Array(32).fill(3), sizeBytes: 2 ** 40 },
        ttlSeconds: undefined,
        replaces: undefined,
      },
    ]);
    turn(at(), () => merge(at(), batch));
    await reopen();
    for (const placed of batch.parcel.ops) {
      const { id, stamp } = at().living(placed.op.key) ?? { id: 0, stamp: 0 };
      const entry = at().entry(id);
      expect(stamp).toBe(batch.stamp);
      expect(entry.op.index).toBe(placed.index);
      expect(new Uint8Array(entry.op.bytes)).toEqual(new Uint8Array(placed.bytes));
      expect(entry.op.op.key).toBe(placed.op.key);
      expect(entry.op.op.content.type).toBe(placed.op.content.type);
      expect(entry.version).toEqual({ stamp: batch.stamp, author, batch: batch.id });
    }
  });

  test("an entry tells how its parcel came", async () => {
    const peer = "12D3KooWPeer" as PeerId;
    const via = (type: "gossip" | "pull", from: PeerId | undefined, at: number): Arrival => ({
      at: at as Instant,
      via: { type, peer: from },
    });
    const arrivals: readonly Arrival[] = [
      ownArrival,
      via("gossip", peer, 1),
      via("pull", peer, 2),
      via("gossip", "12D3KooWOther" as PeerId, 2 ** 41),
      via("pull", undefined, 0),
    ];
    turn(at(), () => {
      for (const [i, arrival] of arrivals.entries())
        merge(at(), signedBatch(i + 1, [put(`k${i}`)]), undefined, arrival);
    });
    const told = (): unknown[] => arrivals.map((_, i) => at().entry(at().living(`k${i}`)?.id ?? 0).arrival);
    expect(told()).toEqual(arrivals);
    await reopen();
    expect(told()).toEqual(arrivals);
    turn(at(), () => merge(at(), signedBatch(9, [put("k0")]), undefined, via("pull", peer, 7)));
    expect(told()[0]).toEqual(via("pull", peer, 7));
  });

  test("operations of one batch that came in parts are told by the part that brought them", () => {
    const batch = signedBatch(1, [put("a"), put("b")]);
    const later: Arrival = { at: 5 as Instant, via: { type: "pull", peer: "12D3KooWPeer" as PeerId } };
    turn(at(), () => merge(at(), fragmentOf(batch, [0])));
    turn(at(), () => merge(at(), fragmentOf(batch, [1]), undefined, later));
    const told = ["a", "b"].map((key) => at().entry(at().living(key)?.id ?? 0).arrival);
    expect(told).toEqual([ownArrival, later]);
  });

  test("livingAfter names one author's entries behind a stamp, as many as asked for", () => {
    for (let sequence = 1; sequence <= 5; sequence++)
      turn(at(), () => merge(at(), signedBatch(sequence, [put(`k${sequence}`)])));
    turn(at(), () => merge(at(), signedBatch(6, [put("k5")])));
    const bound = signedBatch(2, [put("x")]).stamp;
    const keys = at()
      .livingAfter(author, bound, 100)
      .map(({ op }) => op.op.key);
    expect(keys.sort()).toEqual(["k3", "k4", "k5"]);
    expect(at().livingAfter(author, bound, 2)).toHaveLength(2);
    expect(at().livingAfter("ab".repeat(32) as typeof author, 0 as Stamp, 100)).toEqual([]);
  });

  test("origins and state are those set last", async () => {
    const other = "00".repeat(8) as typeof incarnation;
    turn(at(), () => {
      at().apply({ type: "setOrigin", origin: { author, incarnation, ranges: [[1, 1]] } });
      at().apply({ type: "setOrigin", origin: { author, incarnation: other, ranges: [[3, 9]] } });
    });
    turn(at(), () => {
      at().apply({
        type: "setOrigin",
        origin: {
          author,
          incarnation,
          ranges: [
            [1, 1],
            [5, 2 ** 52],
          ],
        },
      });
      at().apply({ type: "setState", state: someState(1) });
      at().apply({ type: "setState", state: { ...someState(2), reconciledAt: 17 as Instant } });
    });
    await reopen();
    expect(new Set(at().origins())).toEqual(
      new Set([
        {
          author,
          incarnation,
          ranges: [
            [1, 1],
            [5, 2 ** 52],
          ],
        },
        { author, incarnation: other, ranges: [[3, 9]] },
      ]),
    );
    expect(at().state()).toEqual({ ...someState(2), reconciledAt: 17 });
  });

  test("ids of merged operations follow each other in their order, and grow also over a reopening", async () => {
    turn(at(), () => at().apply({ type: "setState", state: someState(1) })); // as every store's first turn does
    const first = at().nextId();
    turn(at(), () => merge(at(), signedBatch(1, [put("a"), put("b"), put("c")])));
    expect(["a", "b", "c"].map((key) => at().living(key)?.id)).toEqual([first, first + 1, first + 2]);
    turn(at(), () => merge(at(), signedBatch(2, [put("b")])));
    await reopen();
    expect(at().living("b")?.id).toBe(first + 3);
    expect(at().nextId()).toBe(first + 4);
    const keysFrom = (id: OpId, max: number): readonly string[] =>
      at()
        .livingFrom(id, max)
        .map(({ op }) => op.op.key);
    expect(keysFrom(first, 10)).toEqual(["a", "c", "b"]);
    expect(keysFrom(first + 1, 1)).toEqual(["c"]);
    expect(keysFrom(first + 4, 10)).toEqual([]);
  });

  test("ids count operations that were never living", () => {
    turn(at(), () => merge(at(), signedBatch(1, [put("a")])));
    const first = at().nextId();
    turn(at(), () => merge(at(), signedBatch(2, [put("w"), put("x"), put("y"), put("z")]), [2]));
    expect(at().living("y")?.id).toBe(first + 2);
    expect(at().nextId()).toBe(first + 4);
    turn(at(), () => merge(at(), signedBatch(3, [put("y")])));
    expect(served(at()).map(({ sequence }) => sequence)).toEqual([1, 3]);
  });

  test("what can be collected is had by when it is due, and can be forgotten", async () => {
    const ttl = (key: string, ttlSeconds: number): Op => ({ ...put(key), ttlSeconds });
    const deleted: Op = { ...put("gone"), content: { type: "tombstone" } };
    turn(at(), () => at().apply({ type: "setState", state: someState(1) }));
    const batch = signedBatch(1, [deleted, ttl("brief", 5), ttl("long", 50), put("stays")]);
    turn(at(), () => merge(at(), batch));
    const due = (seconds: number, max = 10): readonly (readonly [string, boolean])[] =>
      at()
        .collectable((batch.stamp + seconds * 1_000_000) as Stamp, max)
        .map(({ key, tombstone }) => [key, tombstone] as const);
    expect(due(0)).toEqual([]);
    expect(due(0.000_001)).toEqual([["gone", true]]);
    expect(due(5)).toEqual([["gone", true]]);
    await reopen();
    expect(due(100)).toEqual([
      ["gone", true],
      ["brief", false],
      ["long", false],
    ]);
    expect(due(100, 1)).toEqual([["gone", true]]);
    const [first] = at().collectable((batch.stamp + 1_000_000) as Stamp, 1);
    expect(at().livingEntry(first?.id ?? -1)?.op.op.key).toBe("gone");
    turn(at(), () => at().apply({ type: "retract", ops: [first?.id ?? -1] }));
    expect([at().living("gone"), at().livingEntry(first?.id ?? -1)]).toEqual([undefined, undefined]);
    expect(due(5.1)).toEqual([["brief", false]]);
    turn(at(), () => merge(at(), signedBatch(2, [put("brief")])));
    expect(due(100)).toEqual([["long", false]]);
  });

  test("keys under a prefix come in the order of their bytes, deleted ones among them, behind the key asked for", () => {
    const deleted: Op = { ...put("a/1"), content: { type: "tombstone" } };
    turn(at(), () => merge(at(), signedBatch(1, [put("a"), deleted, put("a/2"), put("a/é"), put("b/1")])));
    const under = (prefix: string, after = "", max = 10): readonly string[] =>
      at()
        .livingUnder(prefix, after, max)
        .map(({ key }) => key);
    expect(under("a/")).toEqual(["a/1", "a/2", "a/é"]);
    expect(under("a/", "a/1", 1)).toEqual(["a/2"]);
    expect(under("a/", "a/é")).toEqual([]);
    expect(under("")).toEqual(["a", "a/1", "a/2", "a/é", "b/1"]);
    expect(under("c")).toEqual([]);
    expect(at().livingUnder("a/2", "", 1)[0]?.id).toBe(at().living("a/2")?.id);
  });

  test("what is set aside is kept by key, the latest first, until it is dropped", async () => {
    const entry = (key: string, byte: number): AsideEntry => ({
      key,
      value: byte === 0 ? undefined : new Uint8Array([byte]),
      stamp: 7 as Stamp,
      author,
      at: byte as Instant,
    });
    turn(at(), () => at().apply({ type: "setAside", entries: [entry("a", 1), entry("b", 0), entry("c", 3)] }));
    turn(at(), () => at().apply({ type: "setAside", entries: [entry("a", 4)] }));
    await reopen();
    const aside = (max = 10): readonly AsideEntry[] =>
      at()
        .aside(max)
        .map((each) => ({ ...each, value: each.value === undefined ? undefined : new Uint8Array(each.value) }));
    expect(aside()).toEqual([entry("a", 4), entry("c", 3), entry("b", 0)]);
    expect(aside(1)).toEqual([entry("a", 4)]);
    const found = at().asideEntry("a");
    expect({ ...found, value: new Uint8Array(found?.value ?? []) }).toEqual(entry("a", 4));
    expect([at().asideEntry("b"), at().asideEntry("x")]).toEqual([entry("b", 0), undefined]);
    turn(at(), () => at().apply({ type: "dropAside", keys: ["a", "x"] }));
    expect(aside().map(({ key }) => key)).toEqual(["c", "b"]);
    turn(at(), () =>
      at().apply({ type: "setAside", entries: Array.from({ length: asideMax }, (_, i) => entry(`k${i}`, 1)) }),
    );
    expect(aside(20_000).map(({ key }) => key)).toEqual(
      Array.from({ length: asideMax }, (_, i) => `k${asideMax - 1 - i}`),
    );
  });

  test("pages of the trie are those set last, in order of their paths", async () => {
    const page = (path: string, byte: number): TriePageRow => ({
      path,
      count: byte,
      hash: new Uint8Array(32).fill(byte),
      body: new Uint8Array(70).fill(byte),
    });
    const set = (pages: readonly TriePageRow[], dropped: readonly string[], from: OpId): void =>
      at().apply({ type: "setTrie", pages, dropped, from });
    expect(at().trie()).toEqual({ pages: [], from: 1 });
    turn(at(), () => set([page("b", 1), page("a", 2), page("0f", 3)], [], 7));
    turn(at(), () => set([page("a", 4)], ["b"], 9));
    at().begin();
    set([page("a", 5)], ["0f"], 11);
    await reopen();
    const { pages, from } = at().trie();
    expect(from).toBe(9);
    expect(pages.map(({ path, count, hash }) => [path, count, hash[0]])).toEqual([
      ["0f", 3, 3],
      ["a", 4, 4],
    ]);
    expect(new Uint8Array(at().triePage("a"))).toEqual(new Uint8Array(70).fill(4));
  });

  test("living operations under a prefix are shown in the order of their keys' bytes, up to a bound", async () => {
    const first = signedBatch(
      1,
      ["p/", "p/\u{ffff}", "p/\u{1f600}", "p/b", "p/a", "p", "q", "o/z"].map((key) => put(key)),
    );
    const second = signedBatch(2, [{ ...put("p/a"), content: { type: "tombstone" } }]);
    turn(at(), () => {
      merge(at(), first);
      merge(at(), second);
    });
    await reopen();
    const shown = (prefix: string, max: number, after = ""): unknown => {
      const seen: unknown[] = [];
      const isWhole = at().under(prefix, after, max, (key, batch) => seen.push([key, batch === second.id ? 2 : 1]));
      return [isWhole, ...seen];
    };
    const all = [
      ["p/", 1],
      ["p/a", 2],
      ["p/b", 1],
      ["p/\u{ffff}", 1],
      ["p/\u{1f600}", 1],
    ];
    expect(shown("p/", 5)).toEqual([true, ...all]);
    expect(shown("p/", 4)).toEqual([false, ...all.slice(0, 4)]);
    expect(shown("p/", 2, "p/a")).toEqual([false, ...all.slice(2, 4)]);
    expect(shown("p/", 2, "p/b")).toEqual([true, ...all.slice(3)]);
    expect(shown("p/", 2, "p/c")).toEqual([true, ...all.slice(3)]);
    expect(shown("r", 4)).toEqual([true]);
  });

  test("rules about peers are written anew by their target, and dropped", async () => {
    const rule = (target: string, until: number | undefined, reason = "r"): PeerRule => ({
      target,
      kind: "ban",
      source: "operator",
      reason,
      since: 5 as Instant,
      until: until as Instant | undefined,
      offences: 2,
    });
    const write = (...writes: readonly StoreWrite[]): void =>
      turn(at(), () => {
        for (const each of writes) at().apply(each);
      });
    expect(at().peerRules()).toEqual([]);
    write({ type: "setPeerRule", rule: rule("a", 9) }, { type: "setPeerRule", rule: rule("b", undefined) });
    write({ type: "setPeerRule", rule: rule("a", undefined, "again") });
    await reopen();
    const byTarget = (): readonly PeerRule[] =>
      at()
        .peerRules()
        .toSorted((x, y) => (x.target < y.target ? -1 : 1));
    expect(byTarget()).toEqual([rule("a", undefined, "again"), rule("b", undefined)]);
    at().begin();
    at().apply({ type: "dropPeerRule", target: "a" });
    expect(byTarget()).toEqual([rule("b", undefined)]);
    await reopen();
    expect(byTarget()).toHaveLength(2);
    write({ type: "dropPeerRule", target: "a" }, { type: "dropPeerRule", target: "never" });
    expect(byTarget()).toEqual([rule("b", undefined)]);
  });

  test("addresses of peers are written anew, in order, and dropped", async () => {
    const known = (address: string, linkedAt?: number): KnownAddress => ({
      address,
      peer: "12D3KooWpeer" as PeerId,
      table: linkedAt === undefined ? "new" : "tried",
      toldBy: "10.0.0.0/16",
      addedAt: 5 as Instant,
      linkedAt: linkedAt as Instant | undefined,
      anchor: false,
    });
    turn(at(), () => {
      at().apply({ type: "setAddress", known: known("/ip4/2") });
      at().apply({ type: "setAddress", known: known("/ip4/1") });
    });
    turn(at(), () => at().apply({ type: "setAddress", known: known("/ip4/2", 9) }));
    await reopen();
    expect(at().addresses()).toEqual([known("/ip4/1"), known("/ip4/2", 9)]);
    turn(at(), () => at().apply({ type: "dropAddress", address: "/ip4/1" }));
    expect(at().addresses()).toEqual([known("/ip4/2", 9)]);
  });

  test("partitions are written anew by their number, and the last 32 are kept", async () => {
    const partition = (id: number, ownWrites = 0): PartitionRecord => ({
      id,
      since: 1 as Instant,
      endedAt: undefined,
      here: ["12D3KooWHere" as PeerId],
      there: [
        {
          peer: "12D3KooWThere" as PeerId,
          lostAt: 1 as Instant,
          returnedAt: undefined,
          settledAt: undefined,
          heardThrough: undefined,
        },
      ],
      ownWrites,
      receivedWrites: 0,
      arrivedWrites: 0,
      conflicts: 1,
      lost: [{ key: "k", winner: { author, stamp: 2 as Stamp }, loser: { author, stamp: 1 as Stamp }, lostOn: "here" }],
    });
    const save = (...records: readonly PartitionRecord[]): void =>
      turn(at(), () => {
        for (const record of records) at().apply({ type: "savePartition", partition: record });
      });
    expect(at().partitions()).toEqual([]);
    save(partition(1), partition(2));
    save(partition(1, 5));
    await reopen();
    expect(at().partitions()).toEqual([partition(1, 5), partition(2)]);
    at().begin();
    at().apply({ type: "savePartition", partition: partition(3) });
    expect(at().partitions()).toHaveLength(3);
    await reopen();
    expect(at().partitions()).toHaveLength(2);
    save(...Array.from({ length: 32 }, (_, i) => partition(i + 3)));
    expect(
      at()
        .partitions()
        .map(({ id }) => id),
    ).toEqual(Array.from({ length: 32 }, (_, i) => i + 3));
  });

  test("evidence is taken", () => {
    const [first, second] = [signedBatch(1, [put("a")]), signedBatch(1, [put("b")])];
    turn(at(), () =>
      at().apply({
        type: "addEvidence",
        first: first.parcel.signedHeader,
        second: second.parcel.signedHeader,
        at: 1 as Instant,
      }),
    );
    expect(at().headers(author, incarnation, 1)).toEqual([]);
  });
}

function someState(sequence: number): StoreState {
  return {
    incarnation,
    sequence,
    lastStamp: (1_790_000_000_000_000 + sequence) as Stamp,
    values: 1,
    conflicts: 2,
    createdAt: 3 as Instant,
    reconciledAt: undefined,
  };
}
