import { beforeEach, expect, test } from "vitest";
import { Meeting, Member } from "../../../test/support/member.ts";

let ann: Member;
let bea: Member;
let link: number;

beforeEach(() => {
  const meeting = new Meeting();
  [ann, bea] = [new Member(1, 1_790_000_000_000), new Member(2, 1_790_000_000_000)];
  link = meeting.link(ann, bea);
});

const linked = (member: Member): number =>
  member.replica.snapshot({ wall: member.wall as never, mono: member.mono }).admitted.length;
const mismatches = (member: Member): unknown => member.notes.filter(({ type }) => type === "linkMismatch");

test("links that stand and are known are left alone", () => {
  expect(ann.take({ type: "linksStanding", links: [link] })).toEqual([]);
  expect([linked(ann), mismatches(ann)]).toEqual([1, []]);
});

test("a link that is gone without a word is closed, so that its peer is dialed again", () => {
  ann.take({ type: "linksStanding", links: [] });
  expect([linked(ann), mismatches(ann)]).toEqual([0, [{ type: "linkMismatch", link, kind: "gone" }]]);
  expect(ann.notes).toContainEqual(expect.objectContaining({ type: "linkGone", link, by: "nobody" }));
});

test("one that the replica never heard of is ordered closed", () => {
  const effects = ann.take({ type: "linksStanding", links: [link, 77] });
  const order = { type: "closeLink", link: 77, code: "other", reason: "nobody knows this link" };
  expect(effects).toContainEqual({ type: "network", order });
  expect([linked(ann), mismatches(ann)]).toEqual([1, [{ type: "linkMismatch", link: 77, kind: "unknown" }]]);
});
