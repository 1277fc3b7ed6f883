/** How answers to operators' questions read. */
import { expect, test } from "vitest";
import type { ConvergenceView, MemberConvergenceView } from "../api/insight-views.ts";
import { describeConvergence } from "./describe-insight.ts";

const plain = (text: string): string => text;
const member: MemberConvergenceView = {
  peer: "12D3KooWone",
  state: "equal",
  heardAt: "2026-01-02T03:04:05.000Z",
  entries: 3,
  lagEntries: 0,
  since: null,
  lagSeconds: null,
  lastEqualAt: "2026-01-02T03:04:05.000Z",
  heldBackThere: null,
  frontier: null,
  keysItMayLack: [],
};
const view: ConvergenceView = {
  converged: true,
  alone: false,
  waitedMs: 10,
  entries: 3,
  root: "ab".repeat(32),
  heldBack: 0,
  members: [member],
  notReachable: [],
};

test("a converged network is one line and a table", () => {
  expect(describeConvergence(view, plain)).toBe(
    `all 1 reachable members are equal to this node
here: 3 entries, root abababababababab…
MEMBER       STATE  ENTRIES  LAG  FOR
12D3KooWone  equal  3        -    -
`,
  );
});

test.each<[string, Partial<MemberConvergenceView>, readonly RegExp[]]>([
  [
    "one that is behind",
    { state: "differs", entries: 1, lagEntries: 2, lagSeconds: 61, keysItMayLack: ["a\nb"] },
    [
      /1 of 1 reachable members are not known/,
      /2 entries behind {2}1 min 1 s/,
      /may lack +a\\nb/,
      /does not tell what it holds back/,
    ],
  ],
  [
    "one that is ahead",
    { state: "differs", entries: 5, lagEntries: -2 },
    [/2 entries ahead/, /no key is known without asking it/],
  ],
  ["one with other entries", { state: "differs" }, [/same count, other entries/]],
  [
    "one that never answered",
    { state: "silent", heardAt: null, entries: null, lagEntries: null, lastEqualAt: null, lagSeconds: 5 },
    [/silent +unknown +unknown +5 s/, /it has told nothing yet/, /not since it was linked/],
  ],
  [
    "what its frontier told",
    { state: "differs", frontier: { at: "2026-01-02T03:04:05.000Z", theyLack: 4, weLack: 1, weLackFrom: [] } },
    [/up to 4 batches of ours when it asked at 2026-01-02T03:04:05.000Z; they were sent/, /up to 1 batches it named/],
  ],
])("of members that differ: %s", (_, change, patterns) => {
  const text = describeConvergence({ ...view, converged: false, members: [{ ...member, ...change }] }, plain);
  for (const pattern of patterns) expect(text).toMatch(pattern);
});

test("a node alone says so, and whom it did not ask", () => {
  const alone = { ...view, converged: false, alone: true, members: [], notReachable: ["12D3KooWgone"] };
  expect(describeConvergence(alone, plain)).toBe(
    "no member is reachable: there is nobody to compare with\nnot asked, for they are not linked: 12D3KooWgone\n",
  );
});
