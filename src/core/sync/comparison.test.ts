import { expect, test } from "vitest";
import type { Instant, PeerId } from "../../base/brand.ts";
import type { SetSummary } from "../../codec/frontier.ts";
import { Comparison } from "./comparison.ts";
import type { FrontierGaps } from "./gap.ts";

const [bob, carol] = ["bob", "carol"] as [PeerId, PeerId];
const set = (count: number, content = count): SetSummary => ({
  count,
  root: new Uint8Array(32).fill(content),
});
const lacking = (batches: number): FrontierGaps => ({
  theyLack: { batches, origins: [] },
  weLack: { batches: 0, origins: [] },
});

type Step = (comparison: Comparison, at: Instant) => unknown;
const admitted: Step = (comparison, at) => comparison.admitted(bob, at);
const heard =
  (theirs: SetSummary, ours: SetSummary, askedAt?: number): Step =>
  (comparison, at) =>
    comparison.heard(bob, theirs, ours, at, askedAt);
const named =
  (batches: number): Step =>
  (comparison, at) =>
    comparison.namedFrontier(bob, lacking(batches), at);
const asked: Step = (comparison, at) => comparison.ask(at);

/** Steps at 1, 2, 3 …; what is known of bob at the end. */
test.each<[string, readonly Step[], unknown]>([
  ["a member is known before it is heard", [admitted], { admittedAt: 1, heard: undefined, equalAt: undefined }],
  [
    "an equal beacon",
    [admitted, heard(set(3), set(3))],
    { heard: { at: 2, round: 0, equal: true, theirs: 3, ours: 3 }, equalAt: 2, differsSince: undefined },
  ],
  [
    "one of another count differs since then, and the last equality is kept",
    [admitted, heard(set(3), set(3)), heard(set(3), set(5))],
    { heard: { at: 3, equal: false, theirs: 3, ours: 5 }, equalAt: 2, differsSince: 3 },
  ],
  ["one of another content differs too", [admitted, heard(set(3, 1), set(3, 2))], { heard: { equal: false } }],
  [
    "of several in a row that differ the first tells since when",
    [admitted, heard(set(1), set(2)), heard(set(2), set(3))],
    { heard: { at: 3 }, differsSince: 2 },
  ],
  [
    "equality ends it, and forgets what was lacking",
    [admitted, heard(set(1), set(2)), named(1), heard(set(2), set(2)), heard(set(2), set(3))],
    { differsSince: 5, gaps: undefined },
  ],
  ["a frontier that lacks something is kept with its time", [admitted, named(4)], { gaps: { ...lacking(4), at: 2 } }],
  [
    "a frontier that comes with an equal beacon lacks nothing that lives",
    [admitted, heard(set(1), set(1)), named(4)],
    { gaps: undefined },
  ],
  ["one that lacks nothing says nothing", [admitted, named(4), named(0)], { gaps: { ...lacking(4), at: 2 } }],
  [
    "what answers a question asked since a round began is of it",
    [admitted, asked, asked, heard(set(1), set(1), 3)],
    { heard: { round: 2 } },
  ],
  [
    "what answers an earlier question is not, nor what comes unasked, but it is told",
    [admitted, asked, asked, heard(set(1), set(1), 2), heard(set(1), set(1))],
    { heard: { at: 5, round: 0, equal: true }, equalAt: 5 },
  ],
  [
    "what it holds back is known beside all that",
    [admitted, heard(set(1), set(1)), (comparison) => comparison.holdsBack(bob, { batches: 6, full: true })],
    { equalAt: 2, heldBack: 6, full: true },
  ],
  [
    "a second link of a member keeps what is known",
    [admitted, heard(set(1), set(1)), admitted],
    { admittedAt: 1, equalAt: 2 },
  ],
])("%s", (_, steps, expected) => {
  const comparison = new Comparison();
  for (const [i, step] of steps.entries()) step(comparison, (i + 1) as Instant);
  expect(comparison.members()).toMatchObject([{ peer: bob, ...(expected as object) }]);
});

test("only admitted members are compared, and those that depart are forgotten", () => {
  const comparison = new Comparison();
  comparison.heard(bob, set(1), set(1), 1 as Instant, undefined);
  comparison.holdsBack(bob, { batches: 1, full: false });
  comparison.namedFrontier(bob, lacking(1), 1 as Instant);
  expect(comparison.members()).toEqual([]);
  comparison.admitted(bob, 1 as Instant);
  comparison.admitted(carol, 2 as Instant);
  comparison.departed(bob);
  expect(comparison.members().map(({ peer }) => peer)).toEqual([carol]);
});
