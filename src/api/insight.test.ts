/** Operators' questions over HTTP, with a node in memory behind. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Author, Incarnation, Instant, PeerId, Stamp } from "../base/brand.ts";
import { type TestApi, startTestApi } from "../../test/support/api-client.ts";
import { convergenceSchema, keyExplanationSchema, partitionsSchema } from "./insight-views.ts";

let api: TestApi;
beforeEach(async () => void (api = await startTestApi()));
afterEach(() => api.close());

const at = Date.UTC(2026, 0, 2) as Instant;

test("converged tells each member, with null for what is not known", async () => {
  api.control.convergence = {
    ...api.control.convergence,
    members: [
      {
        peer: "p1" as PeerId,
        state: "differs",
        heardAt: at,
        entries: 3,
        lagEntries: 2,
        since: at,
        lastEqualAt: undefined,
        heldBack: 6,
        full: true,
        frontier: {
          at,
          theyLack: 1,
          weLack: 2,
          weLackFrom: [{ author: "ab" as Author, incarnation: "cd" as Incarnation, numbers: [[4, 5]] }],
        },
        keysItMayLack: ["k"],
      },
      {
        peer: "p2" as PeerId,
        state: "silent",
        heardAt: undefined,
        entries: undefined,
        lagEntries: undefined,
        since: at,
        lastEqualAt: undefined,
        heldBack: undefined,
        full: false,
        frontier: undefined,
        keysItMayLack: [],
      },
    ],
    full: "its disk",
    notReachable: ["p3" as PeerId],
  };
  const answer = await api.ask("GET", "/v1/converged?waitMs=5");
  expect(answer.status).toBe(200);
  const view = convergenceSchema.parse(answer.json());
  const time = "2026-01-02T00:00:00.000Z";
  expect(view).toMatchObject({ converged: false, alone: false, full: "its disk", notReachable: ["p3"] });
  expect(view.members[0]).toMatchObject({
    since: time,
    heldBackThere: 6,
    fullThere: true,
    frontier: { at: time, weLack: 2 },
  });
  expect(view.members[0]?.lagSeconds).toBeGreaterThan(0);
  expect(view.members[1]).toMatchObject({
    heardAt: null,
    entries: null,
    lagEntries: null,
    heldBackThere: null,
    fullThere: false,
    frontier: null,
  });
});

test("without members it is alone", async () => {
  expect((await api.ask("GET", "/v1/converged")).json()).toMatchObject({ converged: false, alone: true, members: [] });
});

const explained = async (key: string): Promise<unknown> => {
  const answer = await api.ask("GET", `/v1/explain/${encodeURIComponent(key)}`);
  return keyExplanationSchema.parse(answer.json());
};

test("explain tells all of a key, with a preview of its value", async () => {
  api.control.arrival = { at, via: { type: "gossip", peer: "p1" as PeerId } };
  api.control.holders = [{ peer: "p1" as PeerId, how: "sentIt" }];
  await api.ask("PUT", "/v1/kv/a%2Fb?ttl=60", { body: "ü".repeat(100) });
  expect(await explained("a/b")).toMatchObject({
    key: "a/b",
    state: "living",
    certainty: "shared",
    holders: [{ peer: "p1", how: "sentIt" }],
    version: {
      sizeBytes: 200,
      preview: "ü".repeat(60),
      encoding: "utf8",
      truncated: true,
      stampTime: "2023-11-14T22:13:20.000Z",
      replaces: null,
      expiresAt: "2026-01-02T03:05:05.000Z",
      arrival: { at: "2026-01-02T00:00:00.000Z", via: "gossip", peer: "p1" },
    },
    conflicts: [],
  });
});

test("explain of what is stored since before arrivals were kept, of bytes, and of what was never seen", async () => {
  api.control.arrival = undefined;
  await api.ask("PUT", "/v1/kv/bytes", { body: Uint8Array.of(0xff, 0) });
  const version = { arrival: null, preview: "/wA=", encoding: "base64", truncated: false };
  expect(await explained("bytes")).toMatchObject({ certainty: "local", version });
  expect(await explained("never")).toEqual({
    key: "never",
    state: "neverSeen",
    certainty: null,
    holders: [],
    version: null,
    conflicts: [],
  });
  expect(await api.ask("GET", "/v1/explain/a%00b")).toMatchObject({ status: 400 });
});

test.each([
  "/v1/converged?waitMs=-1",
  "/v1/converged?prefix=",
  "/v1/converged?waitMs=600001",
  "/v1/converged?wait=1",
  "/v1/converged?waitMs=x",
])("%s is refused", async (path) => {
  expect(await api.ask("GET", path)).toMatchObject({ status: 400 });
});

test("partitions tells who was cut off, what was written, and what lost", async () => {
  expect((await api.ask("GET", "/v1/partitions")).json()).toEqual({ partitions: [] });
  const [here, there] = ["p1", "p2"] as [PeerId, PeerId];
  api.control.partitions = [
    {
      id: 3,
      phase: "healing",
      since: at,
      endedAt: at,
      here: [here],
      there: [{ peer: there, lostAt: at, returnedAt: at, settledAt: undefined, heardThrough: here }],
      ownWrites: 1,
      receivedWrites: 2,
      arrivedWrites: 3,
      conflicts: 1,
      lost: [
        {
          key: "k",
          winner: { stamp: 2 as Stamp, author: there },
          loser: { stamp: 1 as Stamp, author: here },
          lostOn: "here",
        },
      ],
    },
  ];
  const time = "2026-01-02T00:00:00.000Z";
  const { partitions } = partitionsSchema.parse((await api.ask("GET", "/v1/partitions")).json());
  expect(partitions).toEqual([
    {
      id: 3,
      phase: "healing",
      since: time,
      endedAt: time,
      here: ["p1"],
      there: [{ peer: "p2", lostAt: time, returnedAt: time, settledAt: null, heardThrough: "p1" }],
      ownWrites: 1,
      receivedWrites: 2,
      arrivedWrites: 3,
      conflicts: 1,
      lost: [{ key: "k", winner: { stamp: 2, author: "p2" }, loser: { stamp: 1, author: "p1" }, lostOn: "here" }],
    },
  ]);
});
