// tidy: long because each describe is a table over the one harness above them; apart they would each bring it along
import { describe, expect, test } from "vitest";
import { banMsSteps } from "../peers/standing/limits.ts";
import { type MemoryStore, createMemoryStore } from "../../../sim/memory-store.ts";
import { type VerifyEffect, runTurn } from "../../node/turn.ts";
import type { Incarnation, Instant, NetworkId, PeerId, Time } from "../../base/brand.ts";
import { type Bytes, utf8Encode } from "../../base/bytes.ts";
import { decodeAck } from "../../codec/ack.ts";
import { decodeAdmit, encodeAdmit } from "../../codec/admit.ts";
import {
  type FrontierMessage,
  decodeFrontier,
  encodeDone,
  encodeFresh,
  encodeParcels,
  encodePull,
  encodeSuperseded,
} from "../../codec/frontier.ts";
import { encodeGossip } from "../../codec/gossip.ts";
import { decodeParcel, encodeParcel } from "../../codec/parcel.ts";
import { sha256 } from "../../crypto/hash.ts";
import { leafOf, narrowProof } from "../../crypto/merkle.ts";
import type { Op, Replaces } from "../../codec/op.ts";
import { authorOf, peerIdOf } from "../../codec/peer-id.ts";
import { type Signer, ed25519PublicKey, ed25519Signer, ed25519Verify } from "../../crypto/ed25519.ts";
import type { StoreState } from "../../ports/store.ts";
import { makeBatch } from "../data/batch.ts";
import { stampOf } from "../data/stamp.ts";
import type { Effect, Outcome } from "../effects.ts";
import type { ReplicaInput, Wish } from "./inputs.ts";
import { LivingTrie } from "./living-trie.ts";
import { newState } from "./new-state.ts";
import { Replica } from "./replica.ts";

const network = "11".repeat(32) as NetworkId;
const day = 86_400_000;
const start = 1_700_000_000_000;
const local: Wish = { type: "local" };
const signerOf = (i: number): Signer => ed25519Signer(new Uint8Array(32).fill(i));
const [self, bob, carol] = [signerOf(1), signerOf(2), signerOf(3)];
const incarnationOf = (i: number): Incarnation => i.toString(16).padStart(16, "0") as Incarnation;

const emptyRoot = sha256(Uint8Array.of(3, 0));
const freshState = newState(incarnationOf(1), start as Instant);

/** A batch of another writer; `stampMs` is the wall time it says. */
function batchBy(
  signer: Signer,
  values: Readonly<Record<string, string | undefined>>,
  { sequence = 1, stampMs = start, replaces = undefined as Replaces | undefined, inNetwork = network } = {},
): Bytes {
  const ops = Object.entries(values).map(([key, value]): Op => ({
    key,
    content: value === undefined ? { type: "tombstone" } : { type: "value", value: utf8Encode(value) },
    ttlSeconds: undefined,
    replaces,
  }));
  const made = makeBatch(
    ops,
    { network: inNetwork, incarnation: incarnationOf(9), sequence, stamp: stampOf(stampMs as Instant) },
    signer,
  );
  if (!made.ok) throw new Error(made.code);
  return made.value.bytes;
}

const lastByteSet = (bytes: Bytes, value: number): Bytes => bytes.with(bytes.length - 1, value);

/** A replica with its store; each `turn` is one commit, signatures are checked for real in the next. */
class Node {
  readonly store: MemoryStore;
  readonly replica: Replica;
  mono = 0;
  wall = start;
  #messages = 0;
  #tickets = 0;

  constructor(state: StoreState = freshState, store: MemoryStore = createMemoryStore(), signer: Signer = self) {
    this.store = store;
    this.replica = new Replica(
      {
        network,
        signer,
        session: "0a".repeat(8),
        agent: "test",
        seed: 1,
        horizonDays: 30,
        pullEveryMs: 30_000,
        first: [],
        trieReplayOpsMin: 10,
        cutOffMs: 10_000,
        banMsSteps,
        exemptRanges: [],
        validators: [],
        outboundWanted: 0,
        exchange: false,
        usesRelays: false,
        routing: false,
        detector: { enabled: false, probeMs: 225 },
      },
      this.store,
      state,
    );
  }

  /** Another run of the program on what this one stored. */
  again(): Node {
    return new Node(this.store.state(), this.store);
  }

  now(): Time {
    return { wall: this.wall as Instant, mono: this.mono };
  }

  turn(...inputs: readonly ReplicaInput[]): readonly Effect[] {
    const { effects, verdicts } = this.commit(...inputs);
    return verdicts.length === 0 ? effects : [...effects, ...this.turn(...verdicts)];
  }

  /** One commit alone; the verdicts on its signatures are for a later turn. */
  commit(...inputs: readonly ReplicaInput[]): {
    readonly effects: readonly Effect[];
    readonly verdicts: readonly ReplicaInput[];
  } {
    const checks: VerifyEffect[] = [];
    const { effects } = runTurn(
      this.replica,
      this.store,
      inputs,
      () => this.now(),
      (effect) => checks.push(effect),
    );
    const verdicts = checks.map(({ ticket, checks }): ReplicaInput => ({
      type: "verified",
      ticket,
      valid: checks.map(({ author, message, signature }) =>
        ed25519Verify(ed25519PublicKey(author)!, message, signature),
      ),
    }));
    return { effects, verdicts };
  }

  later(ms: number): readonly Effect[] {
    this.mono += ms;
    this.wall += ms;
    return this.turn({ type: "timePassed" });
  }

  write(values: Readonly<Record<string, string | undefined>>, wish: Wish = local): readonly Effect[] {
    const ops = Object.entries(values).map(([key, value]) =>
      value === undefined
        ? ({ type: "delete", key } as const)
        : ({ type: "put", key, value: utf8Encode(value), ttlSeconds: undefined } as const),
    );
    return this.turn({ type: "writeRequested", ticket: ++this.#tickets, ops, wish });
  }

  frontier(link: number, frame: Bytes): readonly Effect[] {
    return this.turn({ type: "frameReceived", link, protocol: "frontier", frame });
  }

  gossip(...batches: readonly Bytes[]): readonly Effect[] {
    return this.gossipBytes(encodeGossip(batches));
  }

  gossipBytes(payload: Bytes): readonly Effect[] {
    return this.turn({ type: "gossipReceived", message: ++this.#messages, from: peerIdOf(bob.author), payload });
  }

  /** A link with a peer up to admission; `offsetMs` is how far its clock is ahead. */
  admit(link: number, signer: Signer, offsetMs = 0): readonly Effect[] {
    const hello = {
      type: "hello",
      version: 1,
      network,
      session: "0b".repeat(8),
      clock: (this.wall + offsetMs) as Instant,
      agent: "test",
    } as const;
    return this.turn(
      {
        type: "linkOpened",
        link,
        peer: peerIdOf(signer.author),
        direction: "inbound",
        address: "x",
        attempt: undefined,
      },
      { type: "frameReceived", link, protocol: "admit", frame: encodeAdmit(hello) },
      { type: "frameReceived", link, protocol: "admit", frame: encodeAdmit({ type: "welcome" }) },
    );
  }

  value(key: string): string | undefined {
    const living = this.store.living(key);
    if (living === undefined) return undefined;
    const { content } = this.store.entry(living.id).op.op;
    return content.type === "value" ? Buffer.from(content.value).toString() : content.type;
  }
}

const answers = (effects: readonly Effect[]): readonly Outcome[] =>
  effects.flatMap((effect) => (effect.type === "answer" ? [effect.outcome] : []));
const verdicts = (effects: readonly Effect[]): readonly string[] =>
  effects.flatMap((effect) =>
    effect.type === "network" && effect.order.type === "judge" ? [effect.order.verdict] : [],
  );
const notes = (effects: readonly Effect[]): readonly string[] =>
  effects.flatMap((effect) =>
    effect.type === "note"
      ? ["reason" in effect.note ? `${effect.note.type} ${effect.note.reason}` : effect.note.type]
      : [],
  );
const blame = (effects: readonly Effect[]): readonly string[] =>
  effects.flatMap((effect) => (effect.type === "penalise" ? [effect.reason] : []));
const orders = (effects: readonly Effect[]): readonly string[] =>
  effects.flatMap((effect) => (effect.type === "network" ? [effect.order.type] : []));
const acked = (effects: readonly Effect[]): readonly unknown[] =>
  effects.flatMap((effect): readonly unknown[] => {
    if (effect.type !== "network" || effect.order.type !== "send" || effect.order.protocol !== "ack") return [];
    const ack = decodeAck(effect.order.frame);
    return ack.ok ? [ack.value.ranges] : [ack.code];
  });
const goodbyes = (effects: readonly Effect[]): readonly unknown[] =>
  effects.flatMap((effect): readonly unknown[] => {
    if (effect.type !== "network" || effect.order.type !== "send" || effect.order.protocol !== "admit") return [];
    const message = decodeAdmit(effect.order.frame);
    return message.ok && message.value.type === "goodbye" ? [message.value.code] : [];
  });
const beaconAt = (ms: number): Extract<FrontierMessage, { type: "pull" }>["beacon"] => ({
  clock: ms as Instant,
  summary: { count: 0, root: emptyRoot },
  stale: false,
  full: false,
  heldBack: 0,
});

describe("a write", () => {
  test("is persisted before it is answered and published", () => {
    const node = new Node();
    const ops = [{ type: "put", key: "k", value: utf8Encode("v"), ttlSeconds: undefined }] as const;
    const now = node.now();
    const effects: Effect[] = [];
    node.replica.step({ type: "writeRequested", ticket: 1, ops, wish: local }, now, node.store, effects);
    node.replica.endTurn(now, node.store, effects);
    const shapes = effects.map((effect) =>
      effect.type === "persist" ? effect.write.type : effect.type === "network" ? effect.order.type : effect.type,
    );
    expect(shapes.filter((shape) => shape !== "note")).toEqual(["merge", "answer", "setOrigin", "setState", "publish"]);
  });

  test("does not leave a turn whose commit fails", () => {
    const node = new Node();
    const failing = {
      ...node.store,
      begin: () => undefined,
      apply: () => undefined,
      living: () => undefined,
      nextId: () => 1,
      commit: () => {
        throw new Error("disk full");
      },
    } as unknown as MemoryStore;
    const ops = [{ type: "put", key: "k", value: new Uint8Array(1), ttlSeconds: undefined }] as const;
    const run = (): unknown =>
      runTurn(
        node.replica,
        failing,
        [{ type: "writeRequested", ticket: 1, ops, wish: local }],
        () => node.now(),
        () => undefined,
      );
    expect(run).toThrow("disk full");
  });

  test("is readable, numbered without gaps, and stamped by the clock and after what it replaces", () => {
    const node = new Node();
    const stamps = ["a", "b", "c"].map((value) => {
      const [outcome] = answers(node.write({ k: value }));
      return outcome?.type === "written" ? outcome.stamp : undefined;
    });
    expect(stamps).toEqual([start * 1_000, start * 1_000 + 1, start * 1_000 + 2]);
    expect([node.value("k"), node.store.state()?.sequence, node.store.state()?.values]).toEqual(["c", 3, 1]);
    expect(node.store.origins()).toMatchObject([{ author: self.author, ranges: [[1, 3]] }]);
  });

  test("of several keys is one batch; a delete leaves a tombstone", () => {
    const node = new Node();
    node.write({ a: "1", b: "2" });
    node.write({ a: undefined });
    expect([node.value("a"), node.value("b"), node.store.state()?.values, node.store.state()?.sequence]).toEqual([
      "tombstone",
      "2",
      1,
      2,
    ]);
  });

  test("sees what the same turn wrote before it", () => {
    const node = new Node();
    const put = (value: string) => ({
      type: "writeRequested" as const,
      ticket: 1,
      ops: [{ type: "put" as const, key: "k", value: utf8Encode(value), ttlSeconds: undefined }],
      wish: local,
    });
    node.turn(put("first"), put("second"));
    expect([node.value("k"), node.store.state()?.conflicts]).toEqual(["second", 0]);
  });

  test.each<[string, ReplicaInput & { type: "writeRequested" }, string]>([
    ["without operations", { type: "writeRequested", ticket: 1, ops: [], wish: local }, "invalid_batch"],
    [
      "of 1,001 operations",
      {
        type: "writeRequested",
        ticket: 1,
        ops: Array.from({ length: 1_001 }, (_, i) => ({ type: "delete" as const, key: `k${i}` })),
        wish: local,
      },
      "invalid_batch",
    ],
    [
      "of a key twice",
      {
        type: "writeRequested",
        ticket: 1,
        ops: [
          { type: "delete", key: "k" },
          { type: "delete", key: "k" },
        ],
        wish: local,
      },
      "invalid_batch",
    ],
    [
      "of a key with a control character",
      { type: "writeRequested", ticket: 1, ops: [{ type: "delete", key: "a\0" }], wish: local },
      "invalid_key",
    ],
    [
      "of a value over 64 KiB",
      {
        type: "writeRequested",
        ticket: 1,
        ops: [{ type: "put", key: "k", value: new Uint8Array(65_537), ttlSeconds: undefined }],
        wish: local,
      },
      "value_too_large",
    ],
    [
      "of a time to live of no second",
      {
        type: "writeRequested",
        ticket: 1,
        ops: [{ type: "put", key: "k", value: new Uint8Array(1), ttlSeconds: 0 }],
        wish: local,
      },
      "invalid_argument",
    ],
    [
      "of a time to live of a part of a second",
      {
        type: "writeRequested",
        ticket: 1,
        ops: [{ type: "put", key: "k", value: new Uint8Array(1), ttlSeconds: 1.5 }],
        wish: local,
      },
      "invalid_argument",
    ],
    [
      "of a time to live of 2^32 seconds",
      {
        type: "writeRequested",
        ticket: 1,
        ops: [{ type: "put", key: "k", value: new Uint8Array(1), ttlSeconds: 2 ** 32 }],
        wish: local,
      },
      "invalid_argument",
    ],
    [
      "over 900 KiB",
      {
        type: "writeRequested",
        ticket: 1,
        ops: Array.from({ length: 15 }, (_, i) => ({
          type: "put" as const,
          key: `k${i}`,
          value: new Uint8Array(65_536),
          ttlSeconds: undefined,
        })),
        wish: local,
      },
      "invalid_batch",
    ],
  ])("%s is refused and takes no number", (_, input, code) => {
    const node = new Node();
    const effects = node.turn(input);
    expect(answers(effects)).toMatchObject([{ type: "refused", code }]);
    expect(orders(effects)).toEqual([]);
    expect(answers(node.write({ k: "v" }))).toMatchObject([{ type: "written" }]);
    expect(node.store.state()?.sequence).toBe(1);
  });

  test("is refused once the node is stopping", () => {
    const node = new Node();
    node.turn({ type: "stopRequested", ticket: 1 });
    expect(answers(node.write({ k: "v" }))).toMatchObject([{ type: "refused", code: "stopping" }]);
  });

  test("that wants a copy is answered when another member has acknowledged it", () => {
    const node = new Node();
    node.admit(1, bob);
    const effects = node.write({ k: "v" }, { type: "shared", copies: 1, timeoutMs: 1_000 });
    expect([answers(effects), orders(effects)]).toEqual([[], ["publish"]]);
    const missing = answers(node.later(1_000));
    expect(missing).toMatchObject([{ type: "notShared", holders: [], missing: [peerIdOf(bob.author)] }]);
  });
});

describe("a shared write", () => {
  test("is not answered by a pull: what a peer counts as held it may only have been told is superseded", () => {
    const node = new Node();
    node.admit(1, bob);
    expect(answers(node.write({ b: "2" }, { type: "shared", copies: 1, timeoutMs: 1_000 }))).toEqual([]);
    const pull = encodePull(7, beaconAt(start), true, [
      { author: self.author, incarnation: incarnationOf(1), ranges: [[1, 1]] },
    ]);
    expect(answers(node.frontier(1, pull))).toEqual([]);
  });
});

describe("gossip", () => {
  test("of a good batch is merged, made durable, then accepted", () => {
    const node = new Node();
    const effects = node.gossip(batchBy(bob, { k: "v" }));
    expect([verdicts(effects), blame(effects), node.value("k")]).toEqual([["accept"], [], "v"]);
    expect(notes(effects)).toEqual(["batchesMerged"]);
  });

  test("counts as forwarded where there is somebody beside its sender", () => {
    const node = new Node();
    node.admit(1, bob);
    node.admit(2, carol);
    expect(notes(node.gossip(batchBy(bob, { k: "v" })))).toEqual(["batchesMerged", "batchesForwarded"]);
  });

  test("that is known is ignored", () => {
    const node = new Node();
    const batch = batchBy(bob, { k: "v" });
    node.gossip(batch);
    expect(verdicts(node.gossip(batch))).toEqual(["ignore"]);
  });

  test("counts once when two messages bring it before its signature is checked", () => {
    const node = new Node();
    const payload = encodeGossip([batchBy(bob, { k: "v" })]);
    const checks = [1, 2].flatMap((message) => [
      ...node.commit({ type: "gossipReceived", message, from: peerIdOf(bob.author), payload }).verdicts,
    ]);
    expect(checks).toHaveLength(2);
    const effects = node.turn(...checks);
    expect([verdicts(effects), notes(effects)]).toEqual([["accept", "ignore"], ["batchesMerged"]]);
  });

  test("of an unknown version is ignored and blames nobody: it may be good for a newer program", () => {
    const node = new Node();
    const effects = node.gossipBytes(new Uint8Array([2, 0, 0]));
    expect([verdicts(effects), blame(effects), notes(effects)]).toEqual([
      ["ignore"],
      [],
      ["parcelRefused versionUnknown"],
    ]);
  });

  test("that is replayed after it was superseded is ignored, also by a new run, and counts no second conflict", () => {
    const node = new Node();
    const old = batchBy(bob, { k: "v" });
    node.gossip(old);
    node.gossip(batchBy(carol, { k: "w" }, { stampMs: start + 1 }));
    expect(node.store.state()?.conflicts).toBe(1);
    for (const run of [node, node, node.again()]) expect(verdicts(run.gossip(old))).toEqual(["ignore"]);
    expect([node.store.state()?.conflicts, node.store.disk.conflicts.length, node.value("k")]).toEqual([1, 1, "w"]);
  });

  test("below the floor is ignored, at first and when replayed, also by a new run", () => {
    const node = new Node();
    const old = batchBy(bob, { k: "v" }, { stampMs: start - 31 * day });
    for (const run of [node, node, node.again()]) expect(verdicts(run.gossip(old))).toEqual(["ignore"]);
  });

  test("of a batch numbered 2^53 - 1 is rejected, and our next pull is well-formed", () => {
    const node = new Node();
    expect(verdicts(node.gossip(batchBy(bob, { k: "v" }, { sequence: 2 ** 53 - 1 })))).toEqual(["reject"]);
    expect(verdicts(node.gossip(batchBy(bob, { k: "v" }, { sequence: 2 ** 53 - 2 })))).toEqual(["accept"]);
    const sent = node
      .admit(1, carol)
      .flatMap((effect) =>
        effect.type === "network" && effect.order.type === "send" && effect.order.protocol === "frontier"
          ? [decodeFrontier(effect.order.frame)]
          : [],
      );
    expect(sent).toMatchObject([
      { ok: true, value: { type: "pull", origins: [{ ranges: [[2 ** 53 - 2, 2 ** 53 - 2]] }] } },
    ]);
  });

  test("of what we wrote ourselves is ignored", () => {
    const node = new Node();
    const effects = node.write({ k: "v" });
    const published = effects.flatMap((effect) =>
      effect.type === "network" && effect.order.type === "publish" ? [effect.order.payload] : [],
    );
    expect(verdicts(node.gossipBytes(published[0]!))).toEqual(["ignore"]);
  });

  test.each<[string, Bytes, string]>([
    [
      "another network's batch",
      encodeGossip([batchBy(bob, { k: "v" }, { inNetwork: "99".repeat(32) as NetworkId })]),
      "wrongNetwork",
    ],
    ["a forged signature", encodeGossip([batchBy(bob, { k: "v" }).with(130, 0).with(131, 0)]), "badSignature"],
    ["a changed value", encodeGossip([lastByteSet(batchBy(bob, { k: "v" }), 0)]), "rootMismatch"],
    ["noise", new Uint8Array(50).fill(1), "malformed"],
    ["more than 1 MiB", new Uint8Array(1024 * 1024 + 1).fill(1), "tooLarge"],
  ])("of %s is rejected, ends the link with its sender, bans it and leaves nothing", (_, payload, reason) => {
    const node = new Node();
    node.admit(1, bob);
    const effects = node.gossipBytes(payload);
    expect([verdicts(effects), goodbyes(effects), blame(effects).at(-1), notes(effects).slice(0, 1)]).toEqual([
      ["reject"],
      ["protocolViolation"],
      expect.stringMatching(/gossip/),
      [`parcelRefused ${reason}`],
    ]);
    expect(notes(effects).join()).toMatch(/peerBanned .*gossip/);
    expect(notes(node.admit(2, bob)).join()).toMatch(/goodbye banned/);
    expect([node.value("k"), node.store.origins()]).toEqual([undefined, []]);
  });

  test("of what is provably bad bans its sender also where its link has ended meanwhile", () => {
    const node = new Node();
    const effects = node.gossipBytes(new Uint8Array(50).fill(1));
    expect(notes(effects)).toEqual(["parcelRefused malformed", "peerBanned malformed gossip (malformed)"]);
  });

  test("with a held batch under a forged signature beside news is not passed on, and its sender is banned", () => {
    const node = new Node();
    const held = batchBy(bob, { k: "v" });
    node.gossip(held);
    const effects = node.gossip(held.with(130, 0).with(131, 0), batchBy(bob, { k2: "v" }, { sequence: 2 }));
    expect([verdicts(effects), blame(effects)[0]]).toEqual([["reject"], "badSignature"]);
  });

  test("with one bad batch among good ones is rejected", () => {
    const node = new Node();
    const effects = node.gossip(batchBy(bob, { a: "1" }), batchBy(carol, { b: "2" }).with(140, 7).with(141, 7));
    expect([verdicts(effects), node.value("b")]).toEqual([["reject"], undefined]);
  });

  test("of two batches under one number keeps both and the evidence", () => {
    const node = new Node();
    node.gossip(batchBy(bob, { a: "1" }));
    const effects = node.gossip(batchBy(bob, { b: "2" }));
    expect([verdicts(effects), node.value("a"), node.value("b")]).toEqual([["accept"], "1", "2"]);
    expect(notes(effects)).toContain("equivocation");
    expect(node.store.disk.evidence).toHaveLength(1);
  });

  test("of a blind overwrite counts as a conflict and keeps the loser", () => {
    const node = new Node();
    node.write({ k: "mine" });
    const effects = node.gossip(batchBy(bob, { k: "theirs" }, { stampMs: start + 5 }));
    expect([node.value("k"), node.store.state()?.conflicts, notes(effects)]).toEqual([
      "theirs",
      1,
      expect.arrayContaining(["conflict"]),
    ]);
    expect(node.store.disk.conflicts.map(({ value }) => Buffer.from(value!).toString())).toEqual(["mine"]);
  });

  test("with two batches on one key merges the second on top of the first", () => {
    const node = new Node();
    const later = batchBy(bob, { k: "two" }, { sequence: 2, stampMs: start + 1 });
    expect(verdicts(node.gossip(batchBy(bob, { k: "one" }), later))).toEqual(["accept"]);
    expect([node.value("k"), node.store.state()?.values]).toEqual(["two", 1]);
    const backwards = new Node();
    backwards.gossip(later, batchBy(bob, { k: "one" }));
    expect([backwards.value("k"), backwards.store.state()?.values]).toEqual(["two", 1]);
  });

  test("of two writes on one key in one turn ends on others as it did here", () => {
    const [writer, other] = [new Node(), new Node()];
    const put = (value: string) => ({
      type: "writeRequested" as const,
      ticket: 1,
      ops: [{ type: "put" as const, key: "k", value: utf8Encode(value), ttlSeconds: undefined }],
      wish: local,
    });
    for (const effect of writer.turn(put("first"), put("second")))
      if (effect.type === "network" && effect.order.type === "publish") other.gossipBytes(effect.order.payload);
    expect([other.value("k"), other.store.state()?.conflicts]).toEqual(["second", 0]);
    expect(other.replica.snapshot(other.now()).summary).toEqual(writer.replica.snapshot(writer.now()).summary);
  });

  test("of a linked author is acknowledged behind the commit", () => {
    const node = new Node();
    node.admit(1, bob);
    expect(acked(node.gossip(batchBy(bob, { k: "v" }, { sequence: 3 })))).toEqual([[[3, 3]]]);
    expect(acked(node.gossip(batchBy(carol, { c: "v" })))).toEqual([]);
  });

  test("of which only a fragment came are not acknowledged: what superseded the rest may not be here", () => {
    const node = new Node();
    node.admit(1, bob);
    const batch = batchBy(bob, { a: "1", b: "2" }, { sequence: 3 });
    const whole = decodeParcel(batch);
    if (!whole.ok) throw new Error("the batch of this test is well-formed");
    const { signedHeader, header, ops } = whole.value;
    const leaves = ops.map(({ index, bytes }) => ({ index, leaf: leafOf(bytes) }));
    const proof = narrowProof(header.opsCount, leaves, [], new Set([0]));
    const fragment = encodeParcel(signedHeader, header.opsCount, ops.slice(0, 1), proof);
    expect(acked(node.frontier(1, encodeParcels(1, [fragment])))).toEqual([]);
    expect(node.value("a")).toBe("1");
  });

  test("of a writer that is linked later are acknowledged then, as far as they live here", () => {
    const node = new Node();
    node.gossip(batchBy(bob, { k: "old" }, { sequence: 1 }));
    node.gossip(batchBy(bob, { k: "new" }, { sequence: 2, stampMs: start + 1 }));
    node.gossip(batchBy(bob, { other: "v" }, { sequence: 3 }));
    expect(acked(node.admit(1, bob))).toEqual([[[2, 3]]]);
    expect(acked(node.admit(2, carol))).toEqual([]);
  });
});

describe("a store that is an older copy of itself", () => {
  test("begins a new numbering when a later batch of its own comes back, so that no number names two batches", () => {
    const node = new Node({ ...freshState, incarnation: incarnationOf(9) });
    node.gossip(batchBy(self, { k: "written after the copy was made" }, { sequence: 5 }));
    expect(node.store.state()?.incarnation).not.toBe(incarnationOf(9));
    node.write({ other: "v" });
    expect(node.store.state()).toMatchObject({ sequence: 1 });
  });
});

describe("our own last stamp", () => {
  test("over 30 s ahead of a clock that peers vouch for refuses writes until the repair", () => {
    const node = new Node({ ...freshState, lastStamp: stampOf((start + 3_600_000) as Instant) });
    expect(answers(node.write({ k: "v" }))).toMatchObject([{ type: "written" }]);
    node.admit(1, bob);
    node.admit(2, carol);
    node.admit(3, signerOf(4));
    expect(answers(node.write({ k: "v" }))).toMatchObject([
      { type: "refused", code: "clock_refused", message: expect.stringContaining("clock repair") as string },
    ]);
    const repair = { type: "clockRepairRequested", ticket: 9, incarnation: incarnationOf(2) } as const;
    expect(answers(node.turn(repair))).toMatchObject([{ type: "repaired", reissued: 1 }]);
    expect(answers(node.write({ k: "v" }))).toMatchObject([{ type: "written" }]);
  });
});

describe("stamps", () => {
  test("over 30 s ahead are held back unseen, and released when their time comes", () => {
    const node = new Node();
    node.later(0); // the first look for what is to be collected
    const effects = node.gossip(batchBy(bob, { k: "v" }, { stampMs: start + 31_000 }));
    expect([verdicts(effects), notes(effects), node.value("k")]).toEqual([["ignore"], ["batchHeldBack"], undefined]);
    expect([node.replica.snapshot(node.now()).heldBack, node.replica.nextDeadline(node.now())]).toEqual([1, 1_000]);
    expect([node.later(999).length, node.value("k")]).toEqual([0, undefined]);
    expect([notes(node.later(1)), node.value("k"), node.replica.snapshot(node.now()).heldBack]).toEqual([
      ["heldBackReleased"],
      "v",
      0,
    ]);
  });

  test("exactly 30 s ahead are merged, and our own clock stays where it was", () => {
    const node = new Node();
    node.gossip(batchBy(bob, { k: "v" }, { stampMs: start + 30_000 }));
    expect(node.value("k")).toBe("v");
    expect(answers(node.write({ other: "w" }))).toMatchObject([{ stamp: start * 1_000 }]);
    expect(answers(node.write({ k: "after" }))).toMatchObject([{ stamp: (start + 30_000) * 1_000 + 1 }]);
    expect(node.value("k")).toBe("after");
  });

  test("held back are forgotten on the word of their own writer, and of nobody else", () => {
    const node = new Node();
    node.gossip(batchBy(bob, { k: "v" }, { stampMs: start + 60_000, sequence: 3 }));
    const word = (session: number): Bytes =>
      encodeSuperseded(session, [{ author: bob.author, incarnation: incarnationOf(9), ranges: [[1, 5]] }]);
    node.admit(1, carol);
    node.frontier(1, word(1));
    expect(node.replica.snapshot(node.now()).heldBack).toBe(1);
    node.turn({ type: "linkClosed", link: 1, reason: "x" });
    node.admit(2, bob);
    node.frontier(2, word(2));
    expect(node.replica.snapshot(node.now()).heldBack).toBe(0);
  });

  test("held back are not forgotten because a pull from their writer follows one in which another said so", () => {
    const node = new Node();
    node.gossip(batchBy(bob, { k: "v" }, { stampMs: start + 60_000, sequence: 3 }));
    node.admit(1, carol);
    node.admit(2, bob);
    node.frontier(1, encodeSuperseded(1, [{ author: bob.author, incarnation: incarnationOf(9), ranges: [[1, 5]] }]));
    node.frontier(1, encodeDone(1, beaconAt(start), "complete"));
    expect(node.replica.snapshot(node.now()).pulling?.peer).toBe(peerIdOf(bob.author));
    node.frontier(2, encodeDone(2, beaconAt(start), "complete"));
    expect(node.replica.snapshot(node.now()).heldBack).toBe(1);
  });

  test("below the floor on a key that is not held are refused", () => {
    const node = new Node();
    const effects = node.gossip(batchBy(bob, { k: "v" }, { stampMs: start - 31 * day }));
    expect([node.value("k"), notes(effects)]).toEqual([undefined, expect.arrayContaining(["entriesBelowFloor"])]);
  });

  test("below the floor are taken from a pull only by a replica that is young", () => {
    const states = [freshState, { ...freshState, reconciledAt: start as Instant }];
    const [young, current] = states.map((state) => {
      const node = new Node(state);
      node.admit(1, bob);
      node.frontier(1, encodeParcels(1, [batchBy(bob, { k: "v" }, { stampMs: start - 31 * day })]));
      return node.value("k");
    });
    expect([young, current]).toEqual(["v", undefined]);
  });
});

describe("how a batch came is kept with it", () => {
  const arrivalOf = (node: Node, key: string): unknown => node.store.entry(node.store.living(key)?.id ?? 0).arrival;
  const bobs = peerIdOf(bob.author);

  test("for a write of our own, by gossip from whoever passed it on, and by a pull", () => {
    const node = new Node();
    node.write({ own: "v" });
    node.later(5);
    node.gossip(batchBy(carol, { gossip: "v" }));
    node.admit(1, bob);
    node.frontier(1, encodeParcels(1, [batchBy(carol, { pull: "v" }, { sequence: 2 })]));
    expect(["own", "gossip", "pull"].map((key) => arrivalOf(node, key))).toEqual([
      { at: start, via: { type: "own" } },
      { at: start + 5, via: { type: "gossip", peer: bobs } },
      { at: start + 5, via: { type: "pull", peer: bobs } },
    ]);
  });

  test("also over the time it was held back", () => {
    const node = new Node();
    node.gossip(batchBy(carol, { k: "v" }, { stampMs: start + 31_000 }));
    node.later(1_000);
    expect(arrivalOf(node, "k")).toEqual({ at: start, via: { type: "gossip", peer: bobs } });
  });
});

describe("our own clock", () => {
  test("30 s off the median of three peers refuses writes, and says so; repaired, it takes them again", () => {
    const node = new Node();
    node.admit(1, bob, 40_000);
    node.admit(2, carol, 40_000);
    expect(answers(node.write({ k: "v" }))).toMatchObject([{ type: "written" }]);
    expect(notes(node.admit(3, signerOf(4), 40_000))).toContain("clockDoubted");
    expect(answers(node.write({ k: "w" }))).toMatchObject([
      {
        type: "refused",
        code: "clock_refused",
        message: expect.stringContaining("40 s behind the median of its 3 peers") as string,
      },
    ]);
    expect(notes(node.turn({ type: "linkClosed", link: 3, reason: "x" }))).toContain("clockTrusted");
    expect(answers(node.write({ k: "w" }))).toMatchObject([{ type: "written" }]);
  });

  test("while doubted, judges others' stamps by the median", () => {
    const node = new Node();
    for (const [i, signer] of [bob, carol, signerOf(4)].entries()) node.admit(i + 1, signer, 3_600_000);
    node.gossip(batchBy(bob, { k: "v" }, { stampMs: start + 3_600_000 }));
    expect(node.value("k")).toBe("v");
  });

  test("an hour ahead, then repaired: what it wrote is issued again under a new numbering", () => {
    const node = new Node();
    node.wall = start + 3_600_000;
    node.write({ k: "v" });
    node.wall = start;
    const effects = node.turn({ type: "clockRepairRequested", ticket: 9, incarnation: incarnationOf(2) });
    expect(answers(effects)).toEqual([{ type: "repaired", reissued: 1 }]);
    expect([node.value("k"), node.store.state()?.incarnation, node.store.state()?.sequence]).toEqual([
      "v",
      incarnationOf(2),
      1,
    ]);
    expect(node.store.living("k")?.stamp).toBeLessThanOrEqual((start + 1) * 1_000);
    expect(orders(effects)).toEqual(["publish"]);
  });
});

describe("the repair of our clock", () => {
  test("restarts the numbering although nothing of ours lives, where our last stamp lies ahead", () => {
    const node = new Node();
    node.wall = start + 3_600_000;
    node.write({ k: "v" });
    const { id, stamp } = node.store.living("k")!;
    const { batch } = node.store.entry(id).version;
    node.gossip(batchBy(bob, { k: "w" }, { stampMs: start + 3_600_001, replaces: { stamp, batch } }));
    node.wall = start;
    const repair = { type: "clockRepairRequested", ticket: 9, incarnation: incarnationOf(2) } as const;
    expect(answers(node.turn(repair))).toEqual([{ type: "repaired", reissued: 0 }]);
    expect([node.store.state()?.incarnation, node.store.state()?.sequence]).toEqual([incarnationOf(2), 0]);
    const [outcome] = answers(node.write({ z: "new" }));
    expect(outcome?.type === "written" && outcome.stamp / 1_000 - start).toBeLessThanOrEqual(1);
  });

  test("keeps the numbering where nothing of ours lies ahead", () => {
    const node = new Node();
    node.write({ k: "v" });
    node.wall = start + 1;
    node.turn({ type: "clockRepairRequested", ticket: 9, incarnation: incarnationOf(2) });
    expect([node.store.state()?.incarnation, node.store.state()?.sequence]).toEqual([incarnationOf(1), 1]);
  });

  test("of more than 10,000 entries goes on where it is run again", () => {
    const node = new Node();
    node.wall = start + 3_600_000;
    for (let batch = 0; batch < 11; batch++)
      node.write(Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`k${batch}/${i}`, undefined])));
    const repair = (ms: number, incarnation: number): readonly Outcome[] => {
      node.wall = start + ms;
      return answers(node.turn({ type: "clockRepairRequested", ticket: 9, incarnation: incarnationOf(incarnation) }));
    };
    expect([repair(0, 2), repair(60_000, 3)]).toEqual([
      [{ type: "repaired", reissued: 10_000 }],
      [{ type: "repaired", reissued: 1_000 }],
    ]);
  }, 120_000);
});

describe("links", () => {
  test("that are not admitted have none of their frames looked at, but for admission's", () => {
    const node = new Node();
    node.turn({
      type: "linkOpened",
      link: 1,
      peer: peerIdOf(bob.author),
      direction: "inbound",
      address: "x",
      attempt: undefined,
    });
    for (const protocol of ["ack", "frontier"] as const)
      expect(node.turn({ type: "frameReceived", link: 1, protocol, frame: new Uint8Array(9) })).toEqual([]);
  });

  test.each(["admit", "ack", "frontier"] as const)(
    "with a malformed frame on %s are closed with the reason and blamed",
    (protocol) => {
      const node = new Node();
      node.admit(1, bob);
      const effects = node.turn({ type: "frameReceived", link: 1, protocol, frame: new Uint8Array([9, 9]) });
      expect([notes(effects)[0], blame(effects)]).toEqual([
        "frameMalformed",
        [`a malformed frame on ${protocol} (malformed)`],
      ]);
      expect(orders(effects)).toEqual(["send", "closeLink"]);
      expect(node.replica.snapshot(node.now()).admitted).toEqual([]);
    },
  );

  test("with a frame refused from its length are closed", () => {
    const node = new Node();
    node.admit(1, bob);
    const effects = node.turn({
      type: "frameRefused",
      link: 1,
      protocol: "ack",
      lengthBytes: 99_999_999,
      lengthBytesMax: 65_536,
      breaksProtocol: true,
    });
    expect([notes(effects)[0], orders(effects)]).toEqual(["frameRefused", ["send", "closeLink"]]);
  });

  test("with a frame that only this node's own setting refuses are closed with both lengths, and not banned", () => {
    const node = new Node();
    node.admit(1, bob);
    const effects = node.turn({
      ...{ type: "frameRefused", link: 1, protocol: "frontier", lengthBytes: 900_000, lengthBytesMax: 600_000 },
      breaksProtocol: false,
    });
    expect(orders(effects)).toEqual(["send", "closeLink"]);
    const words =
      "a frame of 900000 bytes on frontier; this node's operator lets at most 600000 pass (limits.max_frame)";
    expect(notes(effects).slice(0, 2)).toEqual(["frameRefused", `goodbye ${words}`]);
    expect(effects.some(({ type }) => type === "penalise")).toBe(false);
  });

  test("are asked for what they hold as soon as they are admitted", () => {
    const sent = new Node()
      .admit(1, bob)
      .flatMap((effect) =>
        effect.type === "network" && effect.order.type === "send" && effect.order.protocol === "frontier"
          ? [decodeFrontier(effect.order.frame)]
          : [],
      );
    expect(sent).toMatchObject([{ ok: true, value: { type: "pull", last: true, origins: [] } }]);
  });

  test.each<[string, (ms: number) => Bytes]>([
    ["pull", (ms) => encodePull(1, beaconAt(ms), true, [])],
    ["done", (ms) => encodeDone(1, beaconAt(ms), "complete")],
  ])("on which a %s tells a clock over 24 h off are closed for it, without blame", (_, frame) => {
    for (const [offMs, codes] of [
      [day, []],
      [-day, []],
      [day + 1, ["clock"]],
      [-day - 1, ["clock"]],
    ] as const) {
      const node = new Node();
      node.admit(1, bob);
      const effects = node.frontier(1, frame(start + offMs));
      expect([goodbyes(effects), blame(effects)]).toEqual([codes, []]);
      expect(node.replica.snapshot(node.now()).admitted).toHaveLength(1 - codes.length);
    }
  });

  test("that bring a forged batch in a pull are closed and blamed", () => {
    const node = new Node();
    node.admit(1, bob);
    const forged = batchBy(carol, { k: "v" }).with(130, 0).with(131, 0);
    const effects = node.turn({
      type: "frameReceived",
      link: 1,
      protocol: "frontier",
      frame: encodeParcels(1, [forged]),
    });
    expect([blame(effects), orders(effects), node.value("k")]).toEqual([
      ["badSignature", "it sent batches that are provably bad"],
      ["send", "closeLink"],
      undefined,
    ]);
  });

  test("that send parcels nobody asked for are not looked at", () => {
    const node = new Node();
    node.admit(1, bob);
    expect(
      node.turn({
        type: "frameReceived",
        link: 1,
        protocol: "frontier",
        frame: encodeParcels(77, [batchBy(bob, { k: "v" })]),
      }),
    ).toEqual([]);
    expect(node.value("k")).toBeUndefined();
  });

  test("with an equal set make the store reconciled", () => {
    const node = new Node();
    node.gossip(batchBy(bob, { k: "v" }));
    node.admit(1, bob);
    const { summary } = node.replica.snapshot(node.now());
    const beacon = { clock: start as Instant, summary, stale: false, full: false, heldBack: 0 };
    node.turn({ type: "frameReceived", link: 1, protocol: "frontier", frame: encodeDone(1, beacon, "complete") });
    expect(node.store.state()?.reconciledAt).toBe(start);
  });

  test("are dialed at the user's word and at what was found, with the peer its address names", () => {
    const node = new Node();
    const peer = peerIdOf(bob.author);
    expect(
      orders(node.turn({ type: "dialRequested", ticket: 1, address: `/ip4/127.0.0.1/tcp/1/p2p/${peer}` })),
    ).toEqual(["dial"]);
    expect(
      orders(
        node.turn({
          type: "candidateFound",
          address: `/ip4/127.0.0.1/tcp/2/p2p/${peer}`,
          peer: undefined,
          source: "mdns",
        }),
      ),
    ).toEqual([]);
    expect(node.replica.snapshot(node.now()).candidates.map((candidate) => authorOf(candidate.peer as PeerId))).toEqual(
      [bob.author, bob.author],
    );
  });
});

test("the root is that of exactly the living entries of the store, and is on disk when the node has stopped", () => {
  const node = new Node();
  node.write({ a: "1", b: "2" });
  node.gossip(batchBy(bob, { b: "3", c: "4" }, { stampMs: start + 9 }));
  node.write({ a: undefined });
  const { summary } = node.replica.snapshot(node.now());
  expect(summary.count).toBe(3);
  expect(summary).toEqual(new LivingTrie(node.store, 10).summary());
  expect(node.store.trie()).toEqual({ pages: [], from: 1 });
  node.commit({ type: "stopRequested", ticket: 9 });
  expect(node.store.trie()).toMatchObject({ pages: [{ path: "", count: 3, hash: summary.root }], from: 6 });
  expect(new LivingTrie(node.store, 10).summary()).toEqual(summary);
});

test("a replica started again from its store goes on where it was", () => {
  const node = new Node();
  node.write({ k: "v" });
  const again = new Replica(
    {
      network,
      signer: self,
      session: "0c".repeat(8),
      agent: "test",
      seed: 1,
      horizonDays: 30,
      pullEveryMs: 30_000,
      first: [],
      trieReplayOpsMin: 10,
      cutOffMs: 10_000,
      banMsSteps,
      exemptRanges: [],
      validators: [],
      outboundWanted: 0,
      exchange: false,
      usesRelays: false,
      routing: false,
      detector: { enabled: false, probeMs: 225 },
    },
    node.store,
    node.store.state()!,
  );
  expect(again.snapshot(node.now())).toMatchObject({
    summary: node.replica.snapshot(node.now()).summary,
    values: 1,
    batchesHeld: 1,
  });
});

/** Two nodes linked; every frame arrives in order, verdicts on signatures when all that was sent before them has. */
function meet(dialer: Node, other: Node, link: number): readonly (readonly [Node, Effect])[] {
  const opened = [dialer, other].map((node) => {
    const peer = (node === dialer ? other : dialer).replica.self;
    const direction = node === dialer ? "outbound" : "inbound";
    return [node, { type: "linkOpened", link, peer, direction, address: "wire", attempt: undefined }] as const;
  });
  return talk(dialer, other, link, opened);
}

/** What follows from some inputs on a link, until nobody says anything any more. */
function talk(
  dialer: Node,
  other: Node,
  link: number,
  inputs: readonly (readonly [Node, ReplicaInput])[],
): readonly (readonly [Node, Effect])[] {
  const said: (readonly [Node, Effect])[] = [];
  const queue = [...inputs];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const [node, input] = next;
    const { effects, verdicts } = node.commit(input);
    for (const effect of effects) {
      said.push([node, effect]);
      if (effect.type !== "network" || effect.order.type !== "send") continue;
      const { protocol, frame } = effect.order;
      queue.push([node === dialer ? other : dialer, { type: "frameReceived", link, protocol, frame }]);
    }
    queue.push(...verdicts.map((verdict) => [node, verdict] as const));
  }
  return said;
}

test("a late joiner to a writer of 5,000 puts of which every second is superseded is complete after one pull", () => {
  const writer = new Node();
  for (let i = 0; i < 2_500; i++) for (const value of ["old", "new"]) writer.write({ [`key${i}`]: value });
  const joiner = new Node({ ...freshState, incarnation: incarnationOf(5) }, createMemoryStore(), bob);
  const pulls = meet(joiner, writer, 1).flatMap(([node, effect]) =>
    node === joiner && effect.type === "note" && effect.note.type === "pullEnded" ? [effect.note] : [],
  );
  expect(pulls).toMatchObject([{ how: "complete", parcels: 2_500, equal: true }]);
  expect(joiner.store.origins()).toEqual(writer.store.origins());
  expect(joiner.replica.snapshot(joiner.now())).toMatchObject({
    summary: writer.replica.snapshot(writer.now()).summary,
    values: 2_500,
    batchesHeld: 5_000,
  });
});

test("a replica whose frontier says more than it holds finds by a walk what it lacks, and the writer what it has", () => {
  const writer = new Node();
  for (let i = 0; i < 300; i++) writer.write({ [`key${i}`]: "v", [`other${i}`]: "w" });
  const store = createMemoryStore();
  store.begin();
  for (const each of writer.store.origins()) store.apply({ type: "setOrigin", origin: each });
  store.commit();
  const liar = new Node({ ...freshState, incarnation: incarnationOf(5) }, store, bob);
  liar.write({ own: "1" });
  const notes: Effect[] = [];
  const collect = (said: readonly (readonly [Node, Effect])[]): void => {
    notes.push(...said.flatMap(([node, effect]) => (node === liar && effect.type === "note" ? [effect] : [])));
  };
  collect(meet(liar, writer, 1));
  for (let i = 0; i < 4; i++) {
    for (const node of [liar, writer]) {
      node.mono += 40_000;
      node.wall += 40_000;
    }
    collect(
      talk(liar, writer, 1, [
        [liar, { type: "timePassed" }],
        [writer, { type: "timePassed" }],
      ]),
    );
  }
  const ends = notes.flatMap((effect) =>
    effect.type === "note" && effect.note.type === "walkEnded" ? [effect.note] : [],
  );
  expect(ends[0]).toMatchObject({ how: "complete", entries: 600 });
  expect(liar.replica.summary()).toEqual(writer.replica.summary());
  expect(liar.replica.summary().count).toBe(601);
});

test("a link to another program, which knows no hello, ends as one without a hello", () => {
  const node = new Node();
  node.turn({
    type: "linkOpened",
    link: 1,
    peer: peerIdOf(bob.author),
    direction: "inbound",
    address: "",
    attempt: undefined,
  });
  expect(goodbyes(node.turn({ type: "linkFailing", link: 1, code: "noHello", reason: "why" }))).toEqual(["noHello"]);
  expect(node.replica.snapshot(node.now()).outboxes).toEqual([]);
});

test.each(["stale", "failed"] as const)(
  "a link that is %s ends with that goodbye, and its peer counts as lost, not as one that left",
  (code) => {
    const node = new Node();
    node.admit(1, bob);
    expect(goodbyes(node.turn({ type: "linkFailing", link: 1, code, reason: "why" }))).toEqual([code]);
    expect(node.replica.snapshot(node.now()).outboxes).toMatchObject([{ peer: peerIdOf(bob.author) }]);
    expect(notes(node.later(10_000))).toContain("partitionBegan");
  },
);

describe("what waited for us where we were missed", () => {
  const fresh = (...batches: readonly Bytes[]): Bytes => encodeFresh(encodeGossip(batches));
  const published = (effects: readonly Effect[]): readonly Bytes[] =>
    effects.flatMap((effect) =>
      effect.type === "network" && effect.order.type === "publish" ? [effect.order.payload] : [],
    );

  test("is merged, and goes on to others as it came, once", () => {
    const node = new Node();
    node.admit(1, bob);
    node.admit(2, carol);
    const batch = batchBy(bob, { k: "v" });
    expect(published(node.frontier(1, fresh(batch)))).toEqual([encodeGossip([batch])]);
    expect(node.value("k")).toBe("v");
    expect(published(node.frontier(2, fresh(batch)))).toEqual([]);
  });

  test("goes nowhere where nobody else is linked", () => {
    const node = new Node();
    node.admit(1, bob);
    expect(published(node.frontier(1, fresh(batchBy(bob, { k: "v" }))))).toEqual([]);
    expect(node.value("k")).toBe("v");
  });

  test.each([
    ["malformed", encodeFresh(Uint8Array.of(1, 0)), ["protocolViolation"]],
    ["forged", fresh(lastByteSet(batchBy(bob, { k: "v" }), 0x55)), ["protocolViolation"]],
    [
      "of another network",
      fresh(batchBy(bob, { k: "v" }, { inNetwork: "22".repeat(32) as NetworkId })),
      ["protocolViolation"],
    ],
    ["of a later version", encodeFresh(Uint8Array.of(9)), []],
  ])("%s: its sender is sent away as for gossip, or not", (_, frame, expected) => {
    const node = new Node();
    node.admit(1, bob);
    expect(goodbyes(node.frontier(1, frame))).toEqual(expected);
    expect(node.value("k")).toBeUndefined();
  });

  test("is what a lost member is sent at once when it is back: own and passed on, and why we saw the link end", () => {
    const node = new Node();
    node.admit(1, bob);
    node.admit(2, carol);
    node.turn({ type: "linkClosed", link: 2, reason: "no answer to pings" });
    node.write({ mine: "v" });
    node.gossip(batchBy(bob, { his: "v" }));
    const sent = node.admit(3, carol).flatMap((effect) => {
      if (effect.type !== "network" || effect.order.type !== "send" || effect.order.link !== 3) return [];
      const { protocol, frame } = effect.order;
      if (protocol === "frontier") return [`frontier ${frame[0]}`]; // 9: fresh
      return protocol === "peers" && frame[0] === 9 ? [`parted ${Buffer.from(frame.subarray(7)).toString()}`] : [];
    });
    expect(sent).toEqual(["parted no answer to pings", "frontier 9", "frontier 9"]);
  });

  test("does not wait for a peer that was banned", () => {
    const node = new Node();
    node.admit(1, bob);
    node.frontier(1, Uint8Array.of(0xff));
    node.write({ mine: "v" });
    expect(node.replica.snapshot(node.now()).outboxes).toEqual([]);
  });
});
