import { describe, expect, test } from "vitest";
import { Prng } from "../../src/base/prng.ts";
import { readCorpus } from "../../tools/fuzz/corpus.ts";
import { allocatedBytes, identifierPartsBytesMax, smallPartsBytesMax } from "../../tools/fuzz/memory.ts";
import { examine, fuzz } from "../../tools/fuzz/run.ts";
import { targets } from "../../tools/fuzz/targets.ts";

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

describe.each(targets)("the decoder of $name", (target) => {
  test("accepts every valid message and writes it back byte for byte", () => {
    const prng = new Prng(seed);
    for (let i = 0; i < 200; i++) {
      const { outcome, fault } = examine(target, target.valid(prng));
      expect(fault).toBeUndefined();
      expect(outcome).toMatch(/^ok/);
    }
  });

  test("never breaks on 2,000 damaged or random inputs", () => {
    const result = fuzz(target, { seed, executionsMax: 2_000, secondsMax: 3, measureEvery: 1_000 });
    expect(result.failures.map(({ what, input }) => `${what}: ${Buffer.from(input).toString("hex")}`)).toEqual([]);
    expect([...result.outcomes.keys()]).toEqual(expect.arrayContaining([...(outcomesWanted[target.name] ?? [])]));
  });

  test("keeps its memory in bounds for the largest messages of the smallest parts", () => {
    for (const input of target.heaviest(new Prng(seed))) {
      expect(examine(target, input)).toEqual({ outcome: expect.stringMatching(/^ok/) as string, fault: undefined });
      expect(allocatedBytes(target.decode, input)).toBeLessThanOrEqual(smallPartsBytesMax(input.length));
    }
  });

  test("stands the inputs of the corpus", () => {
    const inputs = readCorpus(target.name);
    expect(inputs.length).toBeGreaterThan(0);
    for (const { file, input } of inputs)
      expect({ file, fault: examine(target, input).fault }).toEqual({ file, fault: undefined });
  });
});

test("identifiers are flat texts: messages made of little else take at most 40 times their size", () => {
  const target = targets.find(({ name }) => name === "frontier")!;
  for (const input of target.heaviest(new Prng(seed)))
    expect(allocatedBytes(target.decode, input)).toBeLessThanOrEqual(identifierPartsBytesMax(input.length));
});

test("a run is a function of its seed", () => {
  const target = targets[0]!;
  const run = (seed: number): unknown => [
    ...fuzz(target, { seed, executionsMax: 500, secondsMax: 60, measureEvery: 1_000 }).outcomes,
  ];
  expect(run(5)).toEqual(run(5));
  expect(run(5)).not.toEqual(run(6));
});

test("a decoder that forgets to look behind the end of its message is caught", () => {
  const target = targets.find(({ name }) => name === "ack")!;
  const careless = { ...target, look: (bytes: Uint8Array) => target.look(bytes.subarray(0, 26)) };
  expect(fuzz(careless, { seed, executionsMax: 2_000, secondsMax: 3, measureEvery: 10_000 }).failures).not.toEqual([]);
});
