import { expect, test } from "vitest";
import { type Canary, canaries } from "./canaries.ts";
import { type Scenario, scenarios } from "./options.ts";
import { runSeed } from "./run-seed.ts";

/** Seeds a planted defect may take until it is found. */
const canarySeedsMax = 40;

/** Where hostile peers are known to keep honest nodes apart for good: the floor is waived for new stores only. */
const open: readonly Scenario[] = ["old-batches"];
/** Worlds to measure with, too large for a test. */
const large: readonly Scenario[] = ["steady", "thousand", "hubs"];

test.for(scenarios.filter((scenario) => ![...open, ...large].includes(scenario)))(
  "no promise breaks in the scenario %s, and two runs of it are the same",
  (scenario) => {
    const seed = 3;
    const first = runSeed({ seed, scenario });
    expect(first.violation).toBeUndefined();
    expect(runSeed({ seed, scenario }).digest).toBe(first.digest);
  },
);

test("other seeds give other runs", () => {
  const digests = [1, 2, 3].map((seed) => runSeed({ seed, scenario: "diamond" }).digest);
  expect(new Set(digests).size).toBe(3);
});

test("in a diamond every batch reaches the far corner over both ways and is stored once", () => {
  const { recorder, violation } = runSeed({ seed: 5, scenario: "diamond" });
  expect(violation).toBeUndefined();
  expect(recorder.counts.get("net:gossipSeenBefore")).toBeGreaterThan(0);
  expect(recorder.counts.get("store:mergedAgain") ?? 0).toBe(0);
});

const promiseOfCanary: Readonly<Record<Canary, RegExp>> = {
  forgetsTombstones: /^(1|3|12) /,
  oldPutWins: /^[13] /,
  losesCommits: /^1 /,
  trustsSignatures: /^(4|11) /, // what is forged may also take a number that its author gave
  isDeaf: /^9 /,
  losesSummary: /^2 /,
};

test.for(canaries)("the checkers find a node that %s", (canary) => {
  const scenario: Scenario = canary === "trustsSignatures" ? "hostile" : "crashes";
  expect(firstBroken(scenario, canary)).toMatch(promiseOfCanary[canary]);
});

function firstBroken(scenario: Scenario, canary: Canary): string {
  for (let seed = 1; seed <= canarySeedsMax; seed++) {
    const { violation } = runSeed({ seed, scenario, canary });
    if (violation !== undefined) return violation.promise;
  }
  return "none";
}
