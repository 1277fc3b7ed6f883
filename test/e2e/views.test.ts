/**
 * `why` between real nodes that have no link: the other side's reason comes through a neighbour, and where
 * nobody is at home there, the neighbour tells what it sees.
 */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ExplanationView } from "../../src/api/views.ts";
import { Nursery, type RealNode, untilMeshed } from "../support/real-node.ts";
import { until } from "../support/until.ts";

// Real processes on a machine that may be busy with others.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let nursery: Nursery;
beforeEach(() => void (nursery = new Nursery()));
afterEach(() => nursery.end());

async function why(node: RealNode, target: string): Promise<ExplanationView> {
  return (await node.ask("GET", `/v1/why?target=${target}`)).json() as ExplanationView;
}

async function viewOf(node: RealNode, target: RealNode, cause: string): Promise<ExplanationView["views"][number]> {
  let last: ExplanationView | undefined;
  return await until(
    `somebody says ${cause}`,
    async () => {
      last = await why(node, target.id);
      return last.views.find((view) => view.cause === cause);
    },
    { seen: () => JSON.stringify(last) },
  );
}

/** Both are linked with the one between them, and with nobody else. */
async function around(): Promise<{ readonly a: RealNode; readonly b: RealNode; readonly between: RealNode }> {
  const between = await nursery.start("between");
  const a = await nursery.start("a", { dial: [between.address] });
  const b = await nursery.start("b", { dial: [between.address] });
  await untilMeshed([a, between]);
  await untilMeshed([b, between]);
  return { a, b, between };
}

test("a node that another has banned learns the reason and the way out through a common neighbour", async () => {
  const { a, b, between } = await around();
  const rule = { kind: "ban", target: a.id, reason: "too loud", seconds: 600 };
  expect(
    (
      await b.ask("POST", "/v1/peer-rules", {
        body: JSON.stringify(rule),
        headers: { "content-type": "application/json" },
      })
    ).status,
  ).toBe(200);
  const view = await viewOf(a, b, "banned");
  expect(view).toMatchObject({ by: b.id, through: between.id });
  expect(view.conclusion).toMatch(/^It is banned until .* by an operator: too loud\.$/);
  expect(view.next).toContain(`p2p-sync peer unban ${a.id}`);
  await a.dial(b.address);
  const own = await until("a knows it was refused", async () => {
    const told = await why(a, b.id);
    return told.cause === "banned" ? told : undefined;
  });
  expect(own.facts.find(({ name }) => name === "its view")?.text).toMatch(
    new RegExp(`^of this node \\(through ${between.id}\\): "It is banned until .*too loud\\." \\(banned\\) ".*unban`),
  );
});

test("a peer that is dead is told of by the neighbour that lost it", async () => {
  const { a, b, between } = await around();
  await between.dial(b.address); // what it knows an address of it dials again
  await b.kill();
  const view = await viewOf(a, b, "refused");
  expect(view).toMatchObject({ by: between.id, through: null });
  expect(view.conclusion).toMatch(/^Nobody listens there: .*ECONNREFUSED/);
});

test("a linked peer tells its own view, and of a peer that nobody knows the neighbour says just that", async () => {
  const { a, b, between } = await around();
  expect(await viewOf(a, between, "connected")).toMatchObject({ by: between.id, through: null });
  expect(await viewOf(a, b, "unknown")).toMatchObject({ by: b.id, through: between.id });
  await between.stop();
  const alone = await until("a is alone", async () => {
    const told = await why(a, b.id);
    return told.views.length === 0 ? told : undefined;
  });
  expect(alone.facts.at(-1)).toEqual({
    name: "its view",
    text: "not known: no member is linked that could ask it",
  });
});
