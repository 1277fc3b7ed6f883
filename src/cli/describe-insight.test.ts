/** How answers to operators' questions read. */
import { expect, test } from "vitest";
import type {
  ConvergenceView,
  KeyExplanationView,
  MemberConvergenceView,
  PartitionView,
} from "../api/insight-views.ts";
import { describeConvergence, describeKey, describePartitions } from "./describe-insight.ts";

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
  fullThere: false,
  frontier: null,
  keysItMayLack: [],
};
const view: ConvergenceView = {
  converged: true,
  alone: false,
  waitedMs: 10,
  prefix: null,
  entries: 3,
  root: "ab".repeat(32),
  heldBack: 0,
  full: null,
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

test("a node that takes nothing says so of itself", () => {
  const full = "the store takes 40 MiB of the 40 MiB that limits.max_disk allows";
  expect(describeConvergence({ ...view, full }, plain)).toContain(
    `this node takes nothing from others for now: ${full}\n`,
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
      /held back +it has not told/,
    ],
  ],
  [
    "one that takes nothing for want of room",
    { state: "differs", fullThere: true },
    [/\n12D3KooWone takes nothing from others .* limit of its disk .*p2p-sync status there/],
  ],
  ["one that holds nothing back", { state: "differs", heldBackThere: 0 }, [/held back +nothing/]],
  [
    "one that holds one back",
    { state: "differs", heldBackThere: 1 },
    [/held back +1 batch that comes from the future/],
  ],
  ["one that holds some back", { state: "silent", heldBackThere: 7 }, [/held back +7 batches that come from.*clocks/]],
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

test("of a part it is said which, and that keys are not known", () => {
  expect(describeConvergence({ ...view, prefix: "a/" }, plain)).toMatch(
    /^all 1 reachable members are equal to this node under a\/\nhere: 3 entries under a\/, root/,
  );
  const differing = { ...view, converged: false, prefix: "a/", members: [{ ...member, state: "differs" as const }] };
  expect(describeConvergence(differing, plain)).toMatch(/which keys differ cannot be known without asking/);
});

test("a node alone says so, and whom it did not ask", () => {
  const alone = { ...view, converged: false, alone: true, members: [], notReachable: ["12D3KooWgone"] };
  expect(describeConvergence(alone, plain)).toBe(
    "no member is reachable: there is nobody to compare with\nnot asked, for they are not linked: 12D3KooWgone\n",
  );
});

const version: NonNullable<KeyExplanationView["version"]> = {
  kind: "value",
  sizeBytes: 5,
  preview: "he\nlo",
  encoding: "utf8",
  truncated: false,
  writer: "12D3KooWwriter",
  stamp: 1_767_323_045_000_000,
  stampTime: "2026-01-02T03:04:05.000Z",
  batch: "ab".repeat(32),
  sequence: 7,
  batchOps: 1,
  replaces: null,
  expiresAt: null,
  arrival: { at: "2026-01-02T03:04:06.000Z", via: "pull", peer: "12D3KooWother" },
};
const explanation: KeyExplanationView = {
  key: "k",
  state: "living",
  certainty: "local",
  holders: [],
  version,
  conflicts: [],
};

test("a key is told line by line", () => {
  expect(describeKey(explanation)).toBe(`key        k
state      living
value      5 bytes: he\\nlo
writer     12D3KooWwriter
written    2026-01-02T03:04:05.000Z (stamp 1767323045000000)
batch      ${"ab".repeat(32)} (number 7 of its writer, 1 key)
arrived    2026-01-02T03:04:06.000Z, pulled from 12D3KooWother
replaced   nothing its writer knew of
certainty  local; of no other member is it known that it holds this
expires    never
conflicts  none in the last 24 h
`);
});

test.each<[string, Partial<KeyExplanationView>, Partial<typeof version> | null, readonly RegExp[]]>([
  ["one that was never seen", { state: "neverSeen" }, null, [/^k: no version is held here/]],
  ["one written here", {}, { arrival: { at: "T", via: "own", peer: null } }, [/arrived +T, written here/]],
  ["gossip", {}, { arrival: { at: "T", via: "gossip", peer: null } }, [/gossip from a peer whose name is not kept/]],
  ["one of unknown arrival", {}, { arrival: null }, [/unknown: it was stored before this was kept/]],
  [
    "a deletion",
    { state: "deleted" },
    { kind: "tombstone", preview: null, encoding: null },
    [/deleted: a tombstone is kept/, /none: this version is a deletion/],
  ],
  ["a long one in bytes", {}, { preview: "/wA=", encoding: "base64", truncated: true }, [/5 bytes: base64 \/wA=…/]],
  ["a blob", {}, { kind: "blob", preview: null, encoding: null }, [/a blob of 5 bytes/]],
  [
    "one that others hold",
    {
      holders: [
        { peer: "p1", how: "acknowledged" },
        { peer: "p2", how: "equalSince" },
      ],
    },
    {},
    [/shared with at least 2/, /p1 \(it said that it is on its disk\)\n +p2 \(its whole set equalled ours since\)/],
  ],
  [
    "an overwrite that won a conflict",
    {
      conflicts: [
        {
          key: "k",
          at: "T",
          winner: { stamp: 2, author: "w" },
          loser: { stamp: 1, author: "l" },
          value: null,
          encoding: null,
        },
      ],
    },
    { replaces: { stamp: 1, stampTime: "T0", batch: "b0" }, expiresAt: "T9", batchOps: 3 },
    [/T: w won over l, which had written a deletion/, /the version of T0 \(batch b0\)/, /expires +T9/, /3 keys/],
  ],
])("of a key: %s", (_, change, versionChange, patterns) => {
  const shown = versionChange === null ? null : { ...version, ...versionChange };
  const text = describeKey({ ...explanation, version: shown, ...change });
  for (const pattern of patterns) expect(text).toMatch(pattern);
});

const partition: PartitionView = {
  id: 1,
  phase: "open",
  since: "T1",
  endedAt: null,
  here: ["12D3KooWhere"],
  there: [{ peer: "12D3KooWthere", lostAt: "T1", returnedAt: null, settledAt: null, heardThrough: null }],
  ownWrites: 2,
  receivedWrites: 3,
  arrivedWrites: 0,
  conflicts: 0,
  lost: [],
};

test("partitions are told newest first, and none is told as such", () => {
  expect(describePartitions({ partitions: [] })).toBe("no member has vanished without a goodbye\n");
  expect(describePartitions({ partitions: [{ ...partition, id: 2 }, partition] }).split("\n\n")).toHaveLength(2);
  expect(describePartitions({ partitions: [partition] })).toBe(`partition    1, open: nobody has returned
since        T1
until        now
this side    this node
             12D3KooWhere
cut off      12D3KooWthere, lost at T1, still away
             (cut off or crashed: from here both look alike)
writes here  2 by this node, 3 received
from there   not known before they return
lost         no write of one side lost to one of the other
`);
});

test("a partition that has ended tells what came and what lost", () => {
  const [winner, loser] = ["w", "l"].map((author) => ({ stamp: 1, author })) as [
    PartitionView["lost"][0]["winner"],
    PartitionView["lost"][0]["loser"],
  ];
  const text = describePartitions({
    partitions: [
      {
        ...partition,
        phase: "ended",
        endedAt: "T9",
        there: [{ peer: "p", lostAt: "T1", returnedAt: "T9", settledAt: "T9", heardThrough: "12D3KooWhere" }],
        arrivedWrites: 4,
        conflicts: 3,
        lost: [
          { key: "a\nb", winner, loser, lostOn: "here" },
          { key: "c", winner, loser, lostOn: "there" },
        ],
      },
    ],
  });
  expect(text).toMatch(/back at T9; not cut off from 12D3KooWhere, which passed on a later write of it/);
  expect(text).toMatch(/from there +4\n/);
  expect(text).toMatch(
    /a\\nb: written on this side by l, lost to w\n +c: written over there by l, lost to w\n +and 1 more\n/,
  );
});
