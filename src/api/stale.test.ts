/** Old entries over HTTP, with a node in memory behind. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Instant, PeerId, Stamp } from "../base/brand.ts";
import { type TestApi, startTestApi } from "../../test/support/api-client.ts";
import { droppedSchema, reissuedSchema, staleSchema } from "./stale-views.ts";

let api: TestApi;
const at = Date.UTC(2026, 0, 2) as Instant;
const time = "2026-01-02T00:00:00.000Z";

beforeEach(async () => {
  api = await startTestApi();
  api.control.stale.aside = ["c", "b", "a"].map((key) => ({
    key,
    sizeBytes: key === "b" ? undefined : 5,
    writer: "p1" as PeerId,
    stamp: (at * 1000) as Stamp,
    at,
    since: key === "c" ? ("deleted" as const) : undefined,
  }));
});
afterEach(() => api.close());

test("what is told has times in words, and null for what is not known", async () => {
  const { stale } = api.control;
  stale.told = {
    ...stale.told,
    age: "stale",
    reconciledAt: undefined,
    apart: [{ peer: "p2" as PeerId, entries: 4, at }],
  };
  const view = staleSchema.parse((await api.ask("GET", "/v1/stale")).json());
  expect(view).toMatchObject({
    age: "stale",
    reconciledAt: null,
    adoption: null,
    comparing: null,
    setAside: 3,
    next: null,
    apart: [{ peer: "p2", entries: 4, at: time }],
  });
  expect(view.entries.map(({ key, sizeBytes, since }) => [key, sizeBytes, since])).toEqual([
    ["c", 5, "deleted"],
    ["b", null, null],
    ["a", 5, null],
  ]);
  expect(view.entries[0]).toMatchObject({ stampTime: time, setAsideAt: time });
});

test("it is told page by page, and by prefix", async () => {
  const first = staleSchema.parse((await api.ask("GET", "/v1/stale?limit=2")).json());
  expect([first.entries.map(({ key }) => key), first.setAside]).toEqual([["c", "b"], 3]);
  const second = staleSchema.parse((await api.ask("GET", `/v1/stale?limit=2&after=${first.next}`)).json());
  expect([second.entries.map(({ key }) => key), second.next]).toEqual([["a"], null]);
  const ofA = staleSchema.parse((await api.ask("GET", "/v1/stale?prefix=a")).json());
  expect([ofA.entries.length, ofA.setAside]).toEqual([1, 1]);
});

test("entries are written again, or forgotten; keys that are not there are named", async () => {
  const body = (keys: readonly string[]): { readonly body: string } => ({ body: JSON.stringify({ keys }) });
  const reissued = await api.ask("POST", "/v1/stale/reissue", body(["a", "b", "x"]));
  expect(reissuedSchema.parse(reissued.json())).toEqual({ reissued: 1, unknown: ["b", "x"] });
  const dropped = await api.ask("POST", "/v1/stale/drop", body(["b", "x"]));
  expect(droppedSchema.parse(dropped.json())).toEqual({ dropped: 1, unknown: ["x"] });
  expect(api.control.stale.aside.map(({ key }) => key)).toEqual(["c"]);
});

test("100 keys of the longest form go at once, and no more", async () => {
  const longest = "\u0001".repeat(256);
  const ask = async (count: number): Promise<number> =>
    (await api.ask("POST", "/v1/stale/drop", { body: JSON.stringify({ keys: new Array(count).fill(longest) }) }))
      .status;
  expect([await ask(100), await ask(101), await ask(0)]).toEqual([200, 400, 400]);
});

test("an order to follow a peer is taken, or refused where it is not linked", async () => {
  api.control.stale.linked = ["12D3KooWone" as PeerId];
  const taken = await api.ask("POST", "/v1/stale/adopt", { body: '{"peer":"12D3KooWo"}' });
  expect([taken.status, taken.json()]).toEqual([202, { peer: "12D3KooWone" }]);
  expect(staleSchema.parse((await api.ask("GET", "/v1/stale")).json()).adoption).toEqual({
    peer: "12D3KooWone",
    state: "done",
    setAside: 2,
    taken: 3,
  });
  const refused = await api.ask("POST", "/v1/stale/adopt", { body: '{"peer":"12D3KooWtwo"}' });
  expect([refused.status, refused.json()["code"]]).toEqual([409, "peer_not_connected"]);
});
