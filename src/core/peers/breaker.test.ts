import { describe, expect, test } from "vitest";
import { Breaker } from "./breaker.ts";
import { breakerFailures, breakerResetMsMax, breakerResetMsMin } from "./limits.ts";

/** One that the fifth failure opened at this moment. */
function opened(mono: number): Breaker {
  const breaker = new Breaker();
  for (let i = 0; i < breakerFailures; i++) breaker.failed(mono, Infinity);
  return breaker;
}

describe("a breaker", () => {
  test("opens with the fifth failure in a row, for 30 s, then lets one through, and closes with a success", () => {
    const breaker = new Breaker();
    for (let i = 1; i < breakerFailures; i++) {
      breaker.failed(i, Infinity);
      expect([breaker.state(i), breaker.openUntil]).toEqual(["closed", -Infinity]);
    }
    breaker.failed(100, Infinity);
    expect([breaker.state(100), breaker.openUntil]).toEqual(["open", 100 + breakerResetMsMin]);
    expect(breaker.state(99 + breakerResetMsMin)).toBe("open");
    expect(breaker.state(100 + breakerResetMsMin)).toBe("halfOpen");
    breaker.close();
    expect([breaker.state(101 + breakerResetMsMin), breaker.openUntil]).toEqual(["closed", -Infinity]);
  });

  test("opens sooner and for as long as an operator says", () => {
    const breaker = new Breaker({ failures: 2, resetMsMin: 1_000, resetMsMax: 1_500 });
    breaker.failed(0, Infinity);
    expect(breaker.state(0)).toBe("closed");
    breaker.failed(0, Infinity);
    expect(breaker.openUntil).toBe(1_000);
    breaker.failed(1_000, Infinity);
    expect(breaker.openUntil).toBe(2_500);
  });

  test("stays open twice as long after each failure while half-open, up to 10 min", () => {
    const breaker = opened(0);
    for (const seconds of [60, 120, 240, 480, 600, 600, 600]) {
      const mono = breaker.openUntil;
      expect(breaker.state(mono)).toBe("halfOpen");
      breaker.failed(mono, Infinity);
      expect([breaker.state(mono), breaker.openUntil - mono]).toEqual(["open", seconds * 1_000]);
    }
    for (let i = 0; i < 2_000; i++) breaker.failed(breaker.openUntil, Infinity);
    const mono = breaker.openUntil;
    breaker.failed(mono, Infinity);
    expect(breaker.openUntil - mono).toBe(breakerResetMsMax);
  });

  test("begins anew once it closed: five failures open it, for 30 s", () => {
    const breaker = opened(0);
    breaker.failed(breaker.openUntil, Infinity);
    breaker.close();
    for (let i = 1; i < breakerFailures; i++) breaker.failed(500_000, Infinity);
    expect(breaker.state(500_000)).toBe("closed");
    breaker.failed(500_000, Infinity);
    expect(breaker.openUntil).toBe(500_000 + breakerResetMsMin);
  });

  test("counts failures in a row only: a success after the fourth forgets them", () => {
    const breaker = new Breaker();
    for (let i = 1; i < breakerFailures; i++) breaker.failed(0, Infinity);
    breaker.close();
    breaker.failed(0, Infinity);
    expect(breaker.state(0)).toBe("closed");
  });

  test("stays open no longer than the peer may go without a dial", () => {
    const breaker = new Breaker();
    for (let i = 0; i < 20; i++) breaker.failed(1_000, 5_000);
    expect([breaker.state(5_999), breaker.state(6_000)]).toEqual(["open", "halfOpen"]);
  });
});
