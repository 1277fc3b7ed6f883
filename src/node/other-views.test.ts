import { expect, test } from "vitest";
import type { PeerId } from "../base/brand.ts";
import { peerIdOf } from "../codec/peer-id.ts";
import type { Outcome } from "../core/effects.ts";
import { ed25519Signer } from "../crypto/ed25519.ts";
import type { Explanation } from "./facade.ts";
import { askViews, viewOf } from "./other-views.ts";

const [bob, nora] = [2, 3].map((i) => peerIdOf(ed25519Signer(new Uint8Array(32).fill(i)).author)) as [PeerId, PeerId];
const words = { cause: "banned", conclusion: "It is banned.", next: "Unban it." };
const own = { name: "state", text: "Failed" };

function explanation(change: Partial<Explanation> = {}): Explanation {
  const here = { cause: "closed", conclusion: "The link was lost.", next: "Wait." };
  return { target: bob, peer: bob, ...here, facts: [own], views: [], ...change };
}

async function told(outcome: Outcome): Promise<Explanation> {
  return await askViews(explanation(), async () => outcome);
}

test("the peer's own view is told as of this node, with who passed it on", async () => {
  const direct = { by: bob, through: bob, ...words };
  const { facts, views } = await told({ type: "views", views: [{ ...direct, through: nora }, direct], silent: [] });
  expect(facts).toEqual([
    own,
    { name: "its view", text: `of this node (through ${nora}): "It is banned." (banned) "Unban it."` },
    { name: "its view", text: 'of this node: "It is banned." (banned) "Unban it."' },
  ]);
  expect(views).toEqual([
    { by: bob, through: nora, ...words },
    { by: bob, through: undefined, ...words },
  ]);
});

test("a neighbour's view is told as of the peer, behind the peer's own", async () => {
  const views = [
    { by: nora, through: nora, ...words },
    { by: bob, through: nora, ...words },
  ];
  const { facts } = await told({ type: "views", views, silent: [] });
  expect(facts.map(({ name }) => name)).toEqual(["state", "its view", "other view"]);
  expect(facts[2]?.text).toBe(`${nora} says of it: "It is banned." (banned) "Unban it."`);
});

test("who does not answer is named", async () => {
  const { facts, views } = await told({ type: "views", views: [], silent: [bob, nora] });
  expect(facts.slice(1)).toEqual([
    { name: "its view", text: "no answer within 2 s" },
    { name: "other view", text: `no answer within 2 s from ${nora}` },
  ]);
  expect(views).toEqual([]);
});

test("where nobody could be asked, or too many ask, that is said", async () => {
  expect((await told({ type: "views", views: [], silent: [] })).facts.at(-1)?.text).toContain("no member is linked");
  const refused = await told({ type: "refused", code: "overloaded", message: "16 wait" });
  expect(refused.facts.at(-1)).toEqual({ name: "other views", text: "not asked for: 16 wait" });
  await expect(told({ type: "done" })).rejects.toMatchObject({ code: "internal" });
});

test.each([
  ["this node itself", explanation({ cause: "self" })],
  ["a name of several", explanation({ cause: "ambiguous", peer: undefined })],
  ["an address with nobody known behind it", explanation({ target: "/ip4/192.0.2.1/tcp/1", peer: undefined })],
])("nobody is asked about %s", async (_, asked) => {
  const nobody = (): Promise<Outcome> => Promise.reject(new Error("asked"));
  expect(await askViews(asked, nobody)).toBe(asked);
});

test("a peer never heard of is asked about by its whole id", async () => {
  const asked: PeerId[] = [];
  await askViews(explanation({ cause: "unknown", peer: undefined }), async (of) => {
    asked.push(of);
    return { type: "views", views: [], silent: [] };
  });
  expect(asked).toEqual([bob]);
});

test("what this node tells others is its conclusion, without its facts", () => {
  expect(viewOf(explanation())).toEqual({ cause: "closed", conclusion: "The link was lost.", next: "Wait." });
});
