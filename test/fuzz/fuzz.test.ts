import { describe, expect, test } from "vitest";
import type { Bytes } from "../../src/base/bytes.ts";
import { Prng } from "../../src/base/prng.ts";
import { corpusBytesMax, corpusInputsMax, readCorpus, readRegressions } from "../../tools/fuzz/corpus.ts";
import { examine } from "../../tools/fuzz/examine.ts";
import { allocatedBytes, identifierPartsBytesMax, smallPartsBytesMax } from "../../tools/fuzz/memory.ts";
import { smallest } from "../../tools/fuzz/minimise.ts";
import { type FuzzOptions, type FuzzResult, fuzz, noWatch } from "../../tools/fuzz/run.ts";
import type { Target } from "../../tools/fuzz/target.ts";
import { loadTargets } from "../../tools/fuzz/targets/all.ts";

const seed = 20_261;
/** Accepted and refused inputs that each target has to come across, else it tests nothing. */
const outcomesWanted: Readonly<Record<string, readonly string[]>> = {
  op: ["ok value", "ok tombstone", "ok blob", "malformed"],
  parcel: ["ok whole", "ok fragment", "malformed", "versionUnknown"],
  gossip: ["ok", "malformed", "versionUnknown"],
  frontier: [
    "ok pull",
    "ok parcels",
    "ok superseded",
    "ok done",
    "ok more",
    "ok summarise",
    "ok summarised",
    "malformed",
  ],
  admit: ["ok hello", "ok welcome", "ok goodbye", "malformed"],
  ack: ["ok", "malformed"],
  peers: ["ok probe", "ok probeOther", "ok probedOther", "ok askView", "ok view", "ok knownPeers", "malformed"],
  ranges: ["ok", "malformed"],
  "trie-proof": ["ok empty", "ok absent", "ok present", "malformed", "versionUnknown"],
};

const targets = await loadTargets();

function run(target: Target, options: Partial<FuzzOptions>): Promise<FuzzResult> {
  return fuzz(target, {
    seed,
    executionsMax: Infinity,
    secondsMax: 20,
    measureEvery: 1_000,
    corpus: [],
    counters: undefined,
    watch: noWatch,
    ...options,
  });
}

function faultsOf({ failures }: FuzzResult): readonly string[] {
  return failures.map(({ what, input }) => `${what}: ${Buffer.from(input).toString("hex")}`);
}

describe.each(targets.map((target) => ({ name: target.name, target })))("the target $name", ({ target }) => {
  test("accepts every valid input, and writes it back byte for byte where it has one form", async () => {
    const prng = new Prng(seed);
    for (let i = 0; i < (target.batch > 100 ? 200 : 20); i++) {
      const { outcome, fault } = await examine(target, target.valid(prng));
      expect(fault).toBeUndefined();
      expect(outcome).toMatch(/^ok/);
    }
  });

  test("stands damaged and random inputs", async () => {
    const result = await run(target, {
      executionsMax: 4 * target.batch,
      secondsMax: 2,
      measureEvery: 2 * target.batch,
    });
    expect(faultsOf(result)).toEqual([]);
    expect([...result.outcomes.keys()]).toEqual(expect.arrayContaining([...(outcomesWanted[target.name] ?? [])]));
  });

  test("keeps its memory in bounds for the largest inputs of the smallest parts", async () => {
    for (const input of target.heaviest(new Prng(seed))) {
      const { outcome, again } = await target.look(input);
      expect(outcome).toMatch(/^ok/);
      expect(again ?? input).toEqual(input);
      expect(allocatedBytes(target.decode, input)).toBeLessThanOrEqual(smallPartsBytesMax(input.length));
    }
  }, 120_000);

  test("stands its corpus and its regressions", async () => {
    for (const { name, input } of [...readCorpus(target.name), ...readRegressions(target.name)])
      expect({ name, fault: (await examine(target, input)).fault }).toEqual({ name, fault: undefined });
  });

  test("has no larger corpus than git can carry", () => {
    const sizes = readCorpus(target.name).map(({ input }) => input.length);
    expect(sizes.length).toBeLessThanOrEqual(corpusInputsMax);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(corpusBytesMax);
  });
});

test("identifiers are flat texts: messages made of little else take at most 40 times their size", () => {
  for (const input of named("frontier").heaviest(new Prng(seed)))
    expect(allocatedBytes(named("frontier").decode, input)).toBeLessThanOrEqual(identifierPartsBytesMax(input.length));
});

test("a run is a function of its seed", async () => {
  const outcomes = async (of: number): Promise<unknown> => [
    ...(await run(named("op"), { seed: of, executionsMax: 500 })).outcomes,
  ];
  expect(await outcomes(5)).toEqual(await outcomes(5));
  expect(await outcomes(5)).not.toEqual(await outcomes(6));
});

test("a decoder that forgets to look behind the end of its message is caught", async () => {
  const careless = { ...named("ack"), look: (bytes: Bytes) => named("ack").look(bytes.subarray(0, 26)) };
  expect((await run(careless, { executionsMax: 2_000 })).failures).not.toEqual([]);
});

test("an input that breaks a target is made as small as it can be", async () => {
  const planted = thatLooks((bytes) => {
    if (bytes.includes(7) && bytes.includes(9)) throw new Error("7 and 9");
    return "ok";
  });
  expect(await smallest(planted, new Prng(1).bytes(4_000))).toHaveLength(2);
});

function named(name: string): Target {
  return targets.find((target) => target.name === name)!;
}

function thatLooks(look: (bytes: Bytes) => string): Target {
  return {
    ...named("op"),
    name: "planted",
    valid: (prng) => prng.bytes(6),
    decode: () => undefined,
    look: (bytes) => ({ outcome: look(bytes), again: undefined }),
  };
}
