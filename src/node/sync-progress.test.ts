import { expect, test } from "vitest";
import type { PeerId } from "../base/brand.ts";
import { progressOf } from "./sync-progress.ts";

const peer = "12D3KooWpeer" as PeerId;
const pull = { peer, parcels: 500, expected: 2_000, forMs: 2_000 };
const walk = { peer, nodes: 9, parcels: 3, entries: 30, forMs: 1_000 };

test.each([
  [
    "a pull under way",
    { pulling: pull, walking: walk },
    { peer, what: "batches", done: 500, total: 2_000, perSecond: 250, etaSeconds: 6 },
  ],
  [
    "a pull of unknown size",
    { pulling: { ...pull, expected: 0 }, walking: undefined },
    { done: 500, total: undefined, etaSeconds: undefined },
  ],
  [
    "a pull that brings more than was said",
    { pulling: { ...pull, parcels: 2_400 }, walking: undefined },
    { total: 2_400, etaSeconds: 0 },
  ],
  [
    "a pull that has just begun",
    { pulling: { ...pull, forMs: 0 }, walking: undefined },
    { perSecond: 0, etaSeconds: undefined },
  ],
  [
    "a walk that found something",
    { pulling: undefined, walking: walk },
    { peer, what: "entries", done: 30, perSecond: 30 },
  ],
])("%s is told with its pace", (_, snapshot, expected) => {
  expect(progressOf(snapshot)).toMatchObject(expected);
});

test("what brought nothing yet is not told", () => {
  expect(progressOf({ pulling: { ...pull, parcels: 0 }, walking: { ...walk, entries: 0 } })).toBeUndefined();
  expect(progressOf({ pulling: undefined, walking: undefined })).toBeUndefined();
});
