import { expect, test } from "vitest";
import { AssertionError, assert, unreachable } from "./assert.ts";
import { Fault } from "./fault.ts";
import { ok, refused } from "./result.ts";

test("a fact that does not hold stops with its own words", () => {
  expect(() => assert(true, "two is even")).not.toThrow();
  expect(() => assert(false, "two is even")).toThrow(new AssertionError("two is even"));
});

test("a branch that cannot be reached names the value that reached it", () => {
  expect(() => unreachable({ type: "surprise" } as never)).toThrow('unreachable case: {"type":"surprise"}');
});

test("a result is a value or a code", () => {
  expect(ok(7)).toEqual({ ok: true, value: 7 });
  expect(refused("malformed")).toEqual({ ok: false, code: "malformed" });
});

test("a fault carries code, words, data and what caused it", () => {
  const cause = new Error("disk full");
  const fault = new Fault("store_failed", "the store failed", { path: "store" }, cause);
  expect(fault).toMatchObject({ name: "Fault", code: "store_failed", details: { path: "store" }, cause });
  expect(new Fault("x", "y")).not.toHaveProperty("cause");
});
