/** How old entries read. */
import { expect, test } from "vitest";
import type { AsideView, StaleView } from "../api/stale-views.ts";
import { describeAdoption, describeStale, isInOrder } from "./describe-stale.ts";

const plain = (text: string): string => text;
const now = Date.parse("2026-03-01T00:00:00.000Z");
const view: StaleView = {
  age: "current",
  createdAt: "2026-01-01T00:00:00.000Z",
  reconciledAt: "2026-02-28T23:58:00.000Z",
  staleAt: "2026-03-15T23:58:00.000Z",
  horizonDays: 30,
  peers: 1,
  apart: [],
  adoption: null,
  comparing: null,
  setAside: 0,
  entries: [],
  next: null,
};
const entry: AsideView = {
  key: "a\nb",
  sizeBytes: 5,
  writer: "12D3KooWone",
  stamp: 1,
  stampTime: "T1",
  setAsideAt: "T2",
  since: null,
};

test("a node in order says when it last was whole, and until when that holds", () => {
  expect(describeStale(view, now, plain))
    .toBe(`age    current: it last had all of another member's set 2 min 0 s ago (2026-02-28T23:58:00.000Z)
means  it takes no old entries from others, for they may be of keys that were deleted
next   meeting no member, it is stale from 2026-03-15T23:58:00.000Z on

nothing is set aside
`);
});

test.each<[string, Partial<StaleView>, readonly RegExp[]]>([
  [
    "one that is new, and alone",
    { age: "young", reconciledAt: null, staleAt: null, peers: 0 },
    [/^age {4}young: it has not had all/, /takes old entries from everybody/, /p2p-sync peer dial ADDRESS/],
  ],
  ["one that is new, and linked", { age: "young", reconciledAt: null }, [/next +nothing to do/]],
  [
    "one that was away, and is alone",
    { age: "stale", reconciledAt: "2026-02-01T00:00:00.000Z", peers: 0 },
    [
      /stale: .* 28 d 0 h ago .*; half the horizon is 15 d/,
      /deleted for good/,
      /next +link a member that was not away/,
    ],
  ],
  [
    "one that was away, among others",
    { age: "stale", reconciledAt: "2026-02-01T00:00:00.000Z" },
    [/next +it follows the first current member .* p2p-sync adopt PEER/],
  ],
  ["one that never met anybody", { age: "stale", reconciledAt: null }, [/never had all .* made 59 d 0 h ago/]],
  [
    "one that is apart",
    { apart: [{ peer: "12D3KooWtwo", entries: 7, at: "T" }] },
    [/^12D3KooWtwo {2}7 +T$/m, /To follow a peer here: p2p-sync adopt PEER\. .* the same there/],
  ],
  [
    "one that set aside",
    { setAside: 3, entries: [entry, { ...entry, key: "k", sizeBytes: null, since: "written" }] },
    [
      /^a\\nb +5 B +T1 +T2 +- +12D3KooWone$/m,
      /^k +not here .* written again/m,
      /and 1 more/,
      /--reissue KEY .*--drop KEY/,
    ],
  ],
])("%s", (_, change, patterns) => {
  const text = describeStale({ ...view, ...change }, now, plain);
  for (const pattern of patterns) expect(text).toMatch(pattern);
});

test.each<[boolean, Partial<StaleView>]>([
  [true, {}],
  [true, { age: "young" }],
  [false, { age: "stale" }],
  [false, { setAside: 1 }],
  [false, { apart: [{ peer: "p", entries: 1, at: "T" }] }],
])("is it in order: %s with %j", (expected, change) => expect(isInOrder({ ...view, ...change })).toBe(expected));

test.each<[Parameters<typeof describeAdoption>[0]["state"], Parameters<typeof describeAdoption>[1], string]>([
  ["done", null, "followed p: set aside 1 entry, took over 2 entries"],
  ["linkLost", null, "the link with p was lost before all was compared: set aside 1 entry, took over 2 entries"],
  ["waiting", null, "comparing with p: waiting"],
  ["waiting", { peer: "q", nodes: 3, entries: 4 }, "comparing with p: waiting"],
  ["waiting", { peer: "p", nodes: 3, entries: 4 }, "comparing with p: 3 nodes of the tree, 4 entries came"],
])("an order that is %s", (state, comparing, text) =>
  expect(describeAdoption({ peer: "p", state, setAside: 1, taken: 2 }, comparing)).toBe(text),
);
