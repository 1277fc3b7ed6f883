import { expect, test } from "vitest";
import { canaries } from "./canaries.ts";
import { type Scenario, scenarios } from "./options.ts";
import { runSeed } from "./run-seed.ts";

/** Seeds a planted defect may take until it is found. */
const canarySeedsMax = 12;

test.for(scenarios)("no promise breaks in the scenario %s, and two runs of it are the same", (scenario) => {
  const seed = 3;
  const first = runSeed({ seed, scenario });
  expect(first.violation).toBeUndefined();
  expect(runSeed({ seed, scenario }).digest).toBe(first.digest);
});

test("other seeds give other runs", () => {
  const digests = [1, 2, 3].map((seed) => runSeed({ seed, scenario: "diamond" }).digest);
  expect(new Set(digests).size).toBe(3);
});

test("in a diamond every batch reaches the far corner over both ways and is stored once", () => {
  const { recorder, violation } = runSeed({ seed: 5, scenario: "diamond" });
  expect(violation).toBeUndefined();
  expect(recorder.counts.get("net:gossipSeenBefore")).toBeGreaterThan(0);
});

test.for(canaries)("the checkers find a node that %s", (canary) => {
  const scenario: Scenario = canary === "trustsSignatures" ? "hostile" : "crashes";
  const seeds = Array.from({ length: canarySeedsMax }, (_, index) => index + 1);
  const found = seeds.find((seed) => runSeed({ seed, scenario, canary }).violation !== undefined);
  expect(found).toBeDefined();
});
