import { expect, test } from "vitest";
import type { Instant, PeerId } from "../base/brand.ts";
import type { Note } from "../core/notes.ts";
import { LinkHistory } from "./link-history.ts";

const admitted = { type: "linkAdmitted", link: 1, peer: "p" as PeerId, clockOffsetMs: 0 } as Note;
const failed = { type: "dialFailed", failure: "protocol" } as Note;

test("handshakes are counted from a moment on, and from the start", () => {
  const history = new LinkHistory();
  expect(history.handshakeSuccessRate).toBe(1);
  for (const at of [1, 2]) history.note(failed, at as Instant);
  for (const at of [3, 4]) history.note(admitted, at as Instant);
  expect(history.handshakeSuccessRate).toBe(0.5);
  expect(history.handshakesSince(2 as Instant)).toEqual({ succeeded: 2, failed: 1 });
  expect(history.handshakesSince(5 as Instant)).toEqual({ succeeded: 0, failed: 0 });
});

test("of handshakes the last 64 are remembered one by one", () => {
  const history = new LinkHistory();
  for (let at = 0; at < 100; at++) history.note(failed, at as Instant);
  expect(history.handshakesSince(0 as Instant)).toEqual({ succeeded: 0, failed: 64 });
  expect(history.handshakeSuccessRate).toBe(0);
});
