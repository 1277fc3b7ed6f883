/** Whom a member follows in what is old: stories of members that are new, were away, or were set up together. */
import { beforeEach, describe, expect, test } from "vitest";
import type { Instant, PeerId } from "../../base/brand.ts";
import { walkExtrasMax } from "../sync/limits.ts";
import { Meeting, Member } from "../../../test/support/member.ts";
import { Freshness } from "./freshness.ts";

const day = 86_400_000;
const hour = 3_600_000;
const began = 1_790_000_000_000;

let meeting: Meeting;
const equal = (...all: readonly Member[]): boolean =>
  new Set(all.map(({ summary }) => Buffer.from(summary.root).toString("hex"))).size === 1;
const ageOf = (member: Member): string =>
  member.replica.snapshot({ wall: member.wall as never, mono: member.mono }).age;

beforeEach(() => {
  meeting = new Meeting();
});

/** Two that were equal, 40 days later: a key of the first day lives, another was deleted and is forgotten. */
function longEqual(): { readonly ann: Member; readonly bea: Member; readonly put: Uint8Array } {
  const [ann, bea] = [new Member(1, began), new Member(2, began)];
  ann.write({ doomed: "v", kept: "w" });
  const [put] = ann.published as [Uint8Array];
  meeting.link(ann, bea);
  ann.write({ doomed: undefined });
  meeting.pass(100_000, [ann, bea]);
  meeting.pass(40 * day, [ann, bea], hour);
  expect([equal(ann, bea), ann.summary.count, ageOf(ann), ageOf(bea)]).toEqual([true, 1, "current", "current"]);
  return { ann, bea, put };
}

/** Two that stayed; and two that still have what these deleted, away since the first day, back on their own. */
function twoBackWithTwoWhoStayed(): Readonly<Record<"ann" | "bea" | "first" | "second", Member>> {
  const { ann, bea, put } = longEqual();
  const [first, second] = [new Member(3, began), new Member(4, began)];
  for (const each of [first, second]) {
    each.gossip(put, ann.self);
    each.write({ [`of ${each.self.slice(-4)}`]: "v" });
    meeting.sleep(ann.wall - began, [each]);
  }
  return { ann, bea, first, second };
}

describe("a new member", () => {
  test("is followed by nobody: one that was left alone for long keeps its old entries when a new one comes", () => {
    const { ann } = longEqual();
    const lonely = new Member(3, ann.wall);
    const first = meeting.link(lonely, ann);
    meeting.pass(200_000, [ann, lonely]);
    expect(lonely.value("kept")).toBe("w");
    meeting.cut(first);
    meeting.sleep(20 * day, [lonely]);
    lonely.restart();
    expect(ageOf(lonely)).toBe("stale");
    const fresh = new Member(4, lonely.wall);
    meeting.link(fresh, lonely);
    meeting.pass(200_000, [lonely, fresh]);
    expect([lonely.value("kept"), fresh.value("kept"), lonely.store.aside(10)]).toEqual(["w", "w", []]);
    expect([equal(lonely, fresh), ageOf(lonely), ageOf(fresh)]).toEqual([true, "current", "current"]);
  });

  test("gets all of one that was alone since it was made, but for what that one deleted; then both are current", () => {
    const alone = new Member(1, began);
    alone.write({ doomed: "v", kept: "w", other: "o" });
    alone.write({ doomed: undefined });
    meeting.pass(40 * day, [alone], hour);
    expect([ageOf(alone), alone.value("doomed"), alone.summary.count]).toEqual(["stale", undefined, 2]);
    const fresh = new Member(2, alone.wall);
    meeting.link(fresh, alone);
    meeting.pass(300_000, [alone, fresh]);
    expect([fresh.value("kept"), fresh.value("doomed"), equal(alone, fresh)]).toEqual(["w", undefined, true]);
    expect([ageOf(alone), ageOf(fresh), fresh.store.aside(9)]).toEqual(["current", "current", []]);
  });

  test("stays new while it only met others that are new, so that those set up together still take what is old", () => {
    const { ann, bea } = longEqual();
    const [first, second] = [new Member(3, ann.wall), new Member(4, ann.wall)];
    meeting.link(first, second);
    first.write({ mine: "m" });
    meeting.pass(200_000, [first, second]);
    expect([equal(first, second), ageOf(first), ageOf(second)]).toEqual([true, "young", "young"]);
    meeting.link(first, ann);
    meeting.pass(200_000, [ann, bea, first, second]);
    expect([first.value("kept"), second.value("kept"), equal(ann, bea, first, second)]).toEqual(["w", "w", true]);
    meeting.pass(100_000, [ann, bea, first, second]);
    expect([ageOf(first), ageOf(second)]).toEqual(["current", "current"]);
  });

  test("that was installed long ago but never met anybody nor wrote anything is still new", () => {
    const { ann, bea } = longEqual();
    const idle = new Member(3, ann.wall);
    meeting.pass(20 * day, [ann, bea], hour);
    meeting.sleep(20 * day, [idle]);
    expect([ageOf(idle), ageOf(ann)]).toEqual(["young", "current"]);
    meeting.link(idle, ann);
    meeting.pass(200_000, [ann, bea, idle]);
    expect([idle.value("kept"), equal(ann, bea, idle)]).toEqual(["w", true]);
  });

  test("that was told an old put again sets it aside once it has met a member that is current", () => {
    const { ann, put } = longEqual();
    const fresh = new Member(3, ann.wall);
    const carrier = new Member(4, began);
    carrier.gossip(put, ann.self);
    meeting.sleep(ann.wall - began, [carrier]);
    meeting.link(fresh, carrier);
    meeting.pass(100_000, [fresh, carrier]);
    if (fresh.value("doomed") === undefined) throw new Error("the put did not come");
    meeting.link(fresh, ann);
    meeting.pass(300_000, [ann, fresh, carrier]);
    expect([fresh.value("doomed"), carrier.value("doomed"), equal(ann, fresh, carrier)]).toEqual([
      undefined,
      undefined,
      true,
    ]);
    expect([fresh.store.aside(10), carrier.store.aside(10)]).toMatchObject([[], [{ key: "doomed" }]]);
  });

  test("takes whole batches from a current member, and forgets again what was deleted of them", () => {
    const { ann, bea } = longEqual();
    const fresh = new Member(3, ann.wall);
    meeting.link(fresh, ann);
    meeting.pass(100_000, [ann, bea, fresh]);
    expect([fresh.value("doomed"), fresh.value("kept"), equal(ann, bea, fresh)]).toEqual([undefined, "w", true]);
    expect([ageOf(fresh), fresh.store.aside(10)]).toEqual(["current", []]);
  });
});

describe("an order to follow a peer", () => {
  /** Two sides, 40 days apart, each with an old entry of its own. */
  function twoSides(): { readonly ann: Member; readonly cid: Member; readonly all: readonly Member[] } {
    const all = [1, 2, 3, 4].map((number) => new Member(number, began));
    const [ann, bea, cid, dan] = all as [Member, Member, Member, Member];
    meeting.link(ann, bea);
    meeting.link(cid, dan);
    ann.write({ ours: "o" });
    cid.write({ theirs: "t" });
    meeting.pass(40 * day, all, hour);
    cid.write({ "new of theirs": "n" });
    return { ann, cid, all };
  }
  const adoptionOf = (member: Member): unknown =>
    member.replica.snapshot({ wall: member.wall as never, mono: member.mono }).adoption;

  test("waits for a walk that begins after it, though one ended just now, and tells what came of it", () => {
    const { ann, cid, all } = twoSides();
    meeting.link(cid, ann);
    expect(adoptionOf(cid)).toBeUndefined();
    meeting.pass(60_000, all, 1_000);
    for (let i = 0; i < 60 && !cid.notes.slice(-40).some(({ type }) => type === "walkEnded"); i++)
      meeting.pass(1_000, all, 1_000);
    meeting.give(cid, { type: "adoptRequested", ticket: 1, peer: ann.self });
    expect(adoptionOf(cid)).toMatchObject({ peer: ann.self, state: "waiting" });
    meeting.pass(15_000, all, 1_000);
    expect(adoptionOf(cid)).toEqual({ peer: ann.self, state: "done", setAside: 1, taken: 1 });
    meeting.pass(100_000, all);
    expect([equal(ann, cid), cid.value("ours"), cid.value("theirs")]).toEqual([true, "o", undefined]);
    expect(cid.store.aside(10)).toMatchObject([{ key: "theirs" }]);
    const apart = [ann, cid].map((each) => each.replica.snapshot({ wall: each.wall as never, mono: 0 }).apart);
    expect(apart).toMatchObject([[], [{ entries: 1 }]]); // of the other on its side, which did not follow
  });

  test("is not done by a walk that began before it, nor by one that left entries uncounted", () => {
    const freshness = new Freshness(30);
    const peer = "12D3KooWone" as PeerId;
    const at = began as Instant;
    expect([freshness.adopt(peer, 100), freshness.adoption()]).toEqual([false, undefined]);
    freshness.heard(peer, true, 0);
    expect(freshness.adopt(peer, 100)).toBe(true);
    const walked = (startedAt: number, isWhole: boolean): unknown => {
      freshness.brought(peer, 2);
      freshness.reconciledWith(peer, { startedAt, isWhole, counts: true }, { setAside: 1, apart: 0, at });
      return freshness.adoption()?.state;
    };
    expect([walked(99, true), walked(100, false), walked(100, true)]).toEqual(["waiting", "waiting", "done"]);
    expect(freshness.adoption()).toEqual({ peer, state: "done", setAside: 3, taken: 6 });
  });

  test("everything is compared with each peer by itself, so a liar's complete walk counts for no other", () => {
    const freshness = new Freshness(30);
    const [liar, honest] = ["12D3KooWliar", "12D3KooWhonest"] as [PeerId, PeerId];
    const after = (days: number): Instant => (began + days * 86_400_000) as Instant;
    freshness.reconciledWith(
      liar,
      { startedAt: 1, isWhole: true, counts: true },
      { setAside: 0, apart: 0, at: after(0) },
    );
    const wanted = (days: number): readonly boolean[] =>
      [liar, honest].map((peer) => freshness.wantsReconciliation(peer, after(days)));
    expect(wanted(1)).toEqual([false, true]);
    freshness.equalTo(honest, after(2));
    expect(wanted(7)).toEqual([false, false]);
    expect(wanted(8)).toEqual([true, false]);
  });

  test("a walk that began before a pull brought something old did not compare everything", () => {
    const freshness = new Freshness(30);
    const peer = "12D3KooWone" as PeerId;
    const at = began as Instant;
    freshness.tookOnTrust(100);
    const compared = (startedAt: number): readonly boolean[] => {
      const counts = freshness.comparedAllSince(startedAt);
      freshness.reconciledWith(peer, { startedAt, isWhole: true, counts }, { setAside: 0, apart: 0, at });
      return [counts, freshness.wantsReconciliation(peer, at)];
    };
    expect([compared(99), compared(100), compared(101)]).toEqual([
      [false, true],
      [false, true],
      [true, false],
    ]);
  });

  test("is not needed any more where a pull shows that both are equal", () => {
    const freshness = new Freshness(30);
    const peer = "12D3KooWone" as PeerId;
    const at = began as Instant;
    freshness.heard(peer, true, 0);
    freshness.reconciledWith(peer, { startedAt: 1, isWhole: true, counts: true }, { setAside: 0, apart: 4, at });
    expect(freshness.apart()).toEqual([{ peer, entries: 4, at }]);
    freshness.equalTo(peer, 9 as Instant);
    expect(freshness.apart()).toEqual([]);
  });

  test("ends with the link, and says so", () => {
    const { ann, cid } = twoSides();
    const link = meeting.link(cid, ann);
    cid.take({ type: "adoptRequested", ticket: 1, peer: ann.self });
    meeting.cut(link);
    expect(adoptionOf(cid)).toMatchObject({ state: "linkLost" });
  });
});

test("a member tells with its beacon how many batches it holds back", () => {
  const [ann, bea, cid] = [new Member(1, began), new Member(2, began), new Member(3, began + 45_000)];
  cid.write({ early: "e" });
  cid.write({ bird: "b" });
  meeting.link(cid, ann);
  meeting.link(ann, bea);
  const told = bea.replica.snapshot({ wall: bea.wall as never, mono: bea.mono }).compared;
  expect(told).toMatchObject([{ peer: ann.self, heldBack: 2 }]);
});

test("what was set aside can be forgotten, or written again unless it has no value; what is not aside is not named back", () => {
  const ann = new Member(1, began);
  ann.store.begin();
  const entry = { stamp: 7 as never, author: "ab".repeat(32) as never, at: began as never };
  ann.store.apply({
    type: "setAside",
    entries: [
      { ...entry, key: "a", value: new Uint8Array([65]) },
      { ...entry, key: "b", value: new Uint8Array([66]) },
      { ...entry, key: "blob", value: undefined },
    ],
  });
  ann.store.commit();
  const outcome = (type: "reissueRequested" | "dropAsideRequested", keys: readonly string[]): unknown =>
    ann.take({ type, ticket: 1, keys }).find((effect) => effect.type === "answer");
  expect(outcome("reissueRequested", ["a", "a", "blob", "x"])).toMatchObject({
    outcome: { type: "aside", keys: ["a"] },
  });
  expect([ann.value("a"), ann.store.aside(9).map(({ key }) => key)]).toEqual(["A", ["blob", "b"]]);
  expect(outcome("dropAsideRequested", ["b", "x"])).toMatchObject({ outcome: { type: "aside", keys: ["b"] } });
  expect([ann.value("b"), ann.store.aside(9).map(({ key }) => key)]).toEqual([undefined, ["blob"]]);
});

describe("a member that was away", () => {
  test("is current again only once everything was compared that it holds beyond the others, and keeps no expired value", () => {
    const { ann } = longEqual();
    const away = new Member(3, ann.wall - 39 * day);
    const many = Array.from({ length: walkExtrasMax + 500 }, (_, i) => `old/${i}`);
    for (let from = 0; from < many.length; from += 500)
      away.write(Object.fromEntries(many.slice(from, from + 500).map((key) => [key, "v"])));
    away.write({ brief: "b" }, 3_600);
    meeting.sleep(39 * day, [away]);
    expect([ageOf(away), away.summary.count]).toEqual(["stale", many.length + 1]);
    meeting.link(away, ann);
    meeting.pass(300_000, [ann, away]);
    expect([ageOf(away), equal(ann, away), away.value("old/7"), away.value("brief")]).toEqual([
      "current",
      true,
      undefined,
      undefined,
    ]);
    expect(away.store.aside(20_000).some(({ key }) => key === "brief")).toBe(false);
    expect(away.store.aside(20_000).length).toBe(10_000);
  });

  test("that meets another one first, and who stayed a moment later, takes what these hold", () => {
    const { ann, bea, first, second } = twoBackWithTwoWhoStayed();
    meeting.link(first, second);
    meeting.pass(60_000, [first, second]);
    expect([ageOf(first), ageOf(second)]).toEqual(["stale", "stale"]);
    meeting.link(first, ann);
    meeting.pass(200_000, [ann, bea, first, second]);
    expect([first, second].map((each) => [each.value("doomed"), each.value("kept"), ageOf(each)])).toEqual([
      [undefined, "w", "current"],
      [undefined, "w", "current"],
    ]);
    expect(equal(ann, bea, first, second)).toBe(true);
  });

  test("together with another that was makes a side of its own with it, which says so and can follow the others", () => {
    const { ann, bea, first, second } = twoBackWithTwoWhoStayed();
    meeting.link(first, second);
    meeting.pass(200_000, [first, second]);
    meeting.link(first, ann);
    meeting.pass(200_000, [ann, bea, first, second]);
    expect([ann.value("doomed"), first.value("doomed"), second.value("doomed")]).toEqual([undefined, "v", "v"]);
    expect(first.notes.some(({ type }) => type === "heldApart")).toBe(true);
    meeting.give(first, { type: "adoptRequested", ticket: 1, peer: ann.self });
    meeting.pass(200_000, [ann, bea, first, second]);
    expect([first.value("doomed"), equal(ann, bea, first)]).toEqual([undefined, true]);
  });

  test("by turns with others hands on an entry only as long as it is younger than the horizon: then they say that they are apart", () => {
    const [writer, carrier, ann, bea] = [1, 2, 3, 4].map((number) => new Member(number, began)) as [
      Member,
      Member,
      Member,
      Member,
    ];
    const all = [writer, carrier, ann, bea];
    const meet = (one: Member, other: Member): void => {
      const link = meeting.link(one, other);
      meeting.pass(300_000, all);
      meeting.cut(link);
    };
    const wait = (): void => meeting.pass(14 * day, all, hour);
    for (const each of all) each.write({ [each.self]: "here" });
    meet(ann, bea);
    meet(carrier, ann);
    wait();
    meet(ann, bea);
    meet(carrier, ann);
    meet(writer, carrier);
    writer.write({ slow: "s" });
    wait();
    meet(ann, bea);
    meet(writer, carrier);
    wait();
    meet(ann, bea);
    meet(carrier, ann);
    expect(ann.value("slow")).toBe("s");
    wait();
    meet(ann, bea);
    expect([ageOf(ann), ageOf(bea), bea.value("slow")]).toEqual(["current", "current", undefined]);
    expect(ann.notes.some(({ type }) => type === "heldApart")).toBe(true);
  });
});
