import { afterAll, expect, test } from "vitest";
import { Counters } from "../../tools/fuzz/coverage.ts";
import { type FuzzOptions, type FuzzResult, fuzz, noWatch } from "../../tools/fuzz/run.ts";
import type { Target } from "../../tools/fuzz/target.ts";

// In a file of its own, because counting blocks makes all code of this process slower.
const counters = new Counters((url) => url.includes("test/fuzz/planted"));
afterAll(() => counters.stop());
const { openSesame } = await import("./planted.ts");

const planted: Target = {
  name: "planted",
  group: "planted",
  covers: [],
  batch: 512,
  valid: (prng) => prng.bytes(6),
  heaviest: () => [],
  decode: () => undefined,
  look: (bytes) => ({ outcome: openSesame(bytes), again: undefined }),
};

function run(options: Pick<FuzzOptions, "seed" | "counters">): Promise<FuzzResult> {
  const budget = { executionsMax: 100_000, secondsMax: 60, measureEvery: Infinity };
  return fuzz(planted, { ...budget, corpus: [], watch: noWatch, ...options });
}

test.each([1, 2])(
  "a fault behind four bytes that are judged one by one is found, with seed %i",
  async (seed) => {
    const { failures, reached } = await run({ seed, counters });
    expect(failures.map(({ what }) => what.split("\n")[0])).toContain("threw Error: the planted fault");
    expect(reached.functions.join("\n")).toContain("openSesame");
  },
  120_000,
);

test("blindly it is not found with as many executions", async () => {
  expect((await run({ seed: 1, counters: undefined })).failures).toEqual([]);
}, 120_000);
