import { beforeEach, describe, expect, test } from "vitest";
import { Meeting, Member } from "../../../test/support/member.ts";

const day = 86_400_000;
const began = 1_790_000_000_000;

let meeting: Meeting;
let members: Member[];
const noted = (member: Member, type: string): boolean => member.notes.some((note) => note.type === type);
const equal = (...all: readonly Member[]): boolean =>
  new Set(all.map(({ summary }) => Buffer.from(summary.root).toString("hex"))).size === 1;

beforeEach(() => {
  meeting = new Meeting();
  members = [1, 2, 3].map((number) => new Member(number, began));
});

/** The first two linked and equal, with a key that was put and then deleted. */
function deletedAndEqual(): { readonly ann: Member; readonly bea: Member; readonly put: Uint8Array } {
  const [ann, bea] = members as [Member, Member];
  ann.write({ doomed: "v", kept: "w" });
  const [put] = ann.published as [Uint8Array];
  meeting.link(ann, bea);
  ann.write({ doomed: undefined });
  meeting.pass(100_000, [ann, bea]);
  expect([bea.value("doomed"), bea.value("kept"), equal(ann, bea)]).toEqual(["tombstone", "w", true]);
  return { ann, bea, put };
}

describe("a tombstone", () => {
  test("is kept for the horizon, then forgotten by all, who stay equal", () => {
    const { ann, bea } = deletedAndEqual();
    meeting.pass(29 * day, [ann, bea], 6 * 3_3_600_000);
    expect([ann.value("doomed"), bea.value("doomed")]).toEqual(["tombstone", "tombstone"]);
    meeting.pass(2 * day, [ann, bea], 3_600_000);
    expect([ann.value("doomed"), bea.value("doomed"), ann.value("kept"), bea.value("kept")]).toEqual([
      undefined,
      undefined,
      "w",
      "w",
    ]);
    expect([equal(ann, bea), ann.summary.count, noted(ann, "collected")]).toEqual([true, 1, true]);
  });

  test("that is forgotten leaves no way back for what it deleted, by gossip, by a pull, or by a walk", () => {
    const { ann, bea, put } = deletedAndEqual();
    meeting.pass(31 * day, [ann, bea], 3_600_000);
    ann.gossip(put, bea.self);
    expect(ann.value("doomed")).toBeUndefined();

    const hoarder = new Member(3, ann.wall); // young: it takes the old put from anywhere
    const helper = new Member(4, began);
    helper.gossip(put, ann.self);
    helper.wall = ann.wall;
    meeting.link(hoarder, helper);
    meeting.pass(100_000, [hoarder, helper]);
    expect(hoarder.value("doomed")).toBe("v");
    meeting.link(hoarder, ann);
    meeting.pass(300_000, [ann, hoarder, helper, bea]);
    expect([ann.value("doomed"), bea.value("doomed")]).toEqual([undefined, undefined]);
    expect([hoarder.value("doomed"), helper.value("doomed"), noted(helper, "setAside")]).toEqual([
      undefined,
      undefined,
      true,
    ]);
  });
});

test("an expired value is forgotten a horizon after its end", () => {
  const [ann, bea] = members as [Member, Member];
  ann.write({ brief: "v" }, 86_400);
  meeting.link(ann, bea);
  meeting.pass(100_000, [ann, bea]);
  meeting.pass(30 * day, [ann, bea], 3_3_600_000);
  expect([ann.summary.count, bea.summary.count]).toEqual([1, 1]);
  meeting.pass(2 * day, [ann, bea], 3_3_600_000);
  expect([
    ann.summary.count,
    bea.summary.count,
    ann.replica.snapshot({ wall: ann.wall as never, mono: 0 }).values,
  ]).toEqual([0, 0, 0]);
});

describe("a member that was away", () => {
  test("for half a horizon takes over what the others have, old as it may be, and sets aside what they have forgotten", () => {
    const { ann, bea } = deletedAndEqual();
    const cid = members[2] as Member;
    const link = meeting.link(cid, ann);
    cid.write({ "cid's": "old" });
    meeting.pass(100_000, [ann, bea, cid]);
    expect(equal(ann, bea, cid)).toBe(true);
    meeting.cut(link);
    cid.write({ alone: "written while away" });
    meeting.pass(31 * day, [ann, bea], 3_600_000);
    ann.write({ recent: "r" });
    meeting.sleep(31 * day, [cid]);
    cid.restart();
    meeting.link(cid, ann);
    meeting.pass(100_000, [ann, bea, cid]);
    expect(equal(ann, bea, cid)).toBe(true);
    expect([cid.value("recent"), cid.value("alone"), cid.value("doomed"), ann.value("alone")]).toEqual([
      "r",
      undefined,
      undefined,
      undefined,
    ]);
    expect(cid.store.aside(10)).toMatchObject([{ key: "alone" }]);
    expect(noted(cid, "setAside")).toBe(true);
  });

  test("and comes back as an old backup does not bring a deleted key back", () => {
    const { ann, bea, put } = deletedAndEqual();
    const restored = new Member(3, began);
    restored.gossip(put, ann.self); // the backup has the put, and not the deletion
    restored.store.begin();
    restored.store.apply({
      type: "setState",
      state: { ...(restored.store.state() as never as object), reconciledAt: began } as never,
    });
    restored.store.commit();
    meeting.pass(40 * day, [ann, bea], 3_600_000);
    meeting.sleep(40 * day + 100_000, [restored]);
    restored.restart();
    expect(restored.value("doomed")).toBe("v");
    meeting.link(restored, bea);
    meeting.pass(200_000, [ann, bea, restored]);
    expect([ann.value("doomed"), bea.value("doomed"), restored.value("doomed")]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(equal(ann, bea, restored)).toBe(true);
  });
});

describe("two sides apart for longer than the horizon", () => {
  test("keep what each has, bring nothing back, and say so; an operator decides whose old entries count", () => {
    const { ann, bea, put } = deletedAndEqual();
    const [cid, dan] = [members[2] as Member, new Member(4, began)];
    for (const each of [cid, dan]) each.gossip(put, ann.self);
    meeting.link(cid, dan);
    cid.write({ theirs: "t" });
    ann.write({ ours: "o" });
    meeting.pass(40 * day, [ann, bea, cid, dan], 3_600_000);
    expect([equal(ann, bea), equal(cid, dan), cid.value("doomed")]).toEqual([true, true, "v"]);
    ann.write({ fresh: "f" });
    meeting.link(cid, ann);
    meeting.pass(200_000, [ann, bea, cid, dan]);
    expect([
      ann.value("doomed"),
      bea.value("doomed"),
      ann.value("theirs"),
      cid.value("fresh"),
      cid.value("ours"),
    ]).toEqual([undefined, undefined, undefined, "f", undefined]);
    expect([noted(ann, "heldApart"), noted(cid, "heldApart")]).toEqual([true, true]);

    meeting.give(cid, { type: "adoptRequested", ticket: 1, peer: ann.self });
    meeting.pass(100_000, [ann, bea, cid, dan]);
    expect([equal(ann, bea, cid), cid.value("doomed"), cid.value("theirs"), cid.value("ours")]).toEqual([
      true,
      undefined,
      undefined,
      "o",
    ]);
    const aside = (): readonly string[] =>
      cid.store
        .aside(10)
        .map(({ key }) => key)
        .sort();
    expect(aside()).toEqual(["doomed", "theirs"]);
    cid.take({ type: "reissueRequested", ticket: 2, keys: ["theirs", "unknown"] });
    meeting.pass(100_000, [ann, bea, cid]);
    expect([ann.value("theirs"), equal(ann, bea, cid), aside()]).toEqual(["t", true, ["doomed"]]);
  });
});

test("a clock that stands still just before the floor moves does not keep a node turning", () => {
  const [ann] = members as [Member];
  const stepMs = (30 * day) / 720;
  ann.wall = Math.ceil(ann.wall / stepMs) * stepMs - 1;
  ann.take({ type: "timePassed" });
  const now = { wall: ann.wall as never, mono: ann.mono as never };
  expect((ann.replica.nextDeadline(now) ?? Infinity) - ann.mono).toBeGreaterThanOrEqual(100);
  ann.wall += 1;
  const later = { ...now, wall: ann.wall as never };
  expect((ann.replica.nextDeadline(later) ?? Infinity) - ann.mono).toBeLessThanOrEqual(0);
});
