import { expect, test } from "vitest";
import { MemoryBudget } from "./budget.ts";
import { memoryPaceBytes, memoryReliefEveryMs } from "./limits.ts";
import { planMemory } from "./plan.ts";

const MiB = 2 ** 20;

/** A process of 100 MiB idle under a limit of 200 MiB; what the budget does to it, as lines. */
async function started(): Promise<{
  budget: MemoryBudget;
  lines: string[];
  /** Resident memory from now on, and after everything was given back, in MiB. */
  process: { rss: number; afterRelief: number };
  look(ms?: number): Promise<readonly string[]>;
}> {
  const process = { rss: 100, afterRelief: 100 };
  const lines: string[] = [];
  const node = {
    pace: (bytes: number | undefined) => void lines.push(`pace ${bytes ?? "none"}`),
    relieve: async () => {
      lines.push("relieve");
      process.rss = process.afterRelief;
    },
    changed: (level: string) => void lines.push(level),
  };
  const budget = new MemoryBudget(200 * MiB, node, () => process.rss * MiB);
  await budget.start();
  budget.stop(); // the test is the clock
  let now = 0;
  return {
    budget,
    lines,
    process,
    async look(ms = memoryReliefEveryMs) {
      lines.length = 0;
      now += ms;
      budget.look(now);
      const said = [...lines];
      await Promise.resolve();
      return said;
    },
  };
}

test("as memory comes near the limit links are read slowly, then puts are refused, and back again", async () => {
  const { budget, process, look } = await started();
  process.rss = 149;
  expect(await look()).toEqual([]);
  process.rss = process.afterRelief = 151;
  expect(await look()).toEqual([`pace ${memoryPaceBytes.slowing}`, "slowing", "relieve"]);
  process.rss = process.afterRelief = 190;
  expect((await look(1))[1]).toBe("refusing");
  await expect(budget.admit(true)).rejects.toMatchObject({
    code: "memory_budget",
    message: expect.stringMatching(/190 MiB of the 200 MiB that limits\.max_memory allows.*--max-memory/) as string,
  });
  await budget.admit(false); // a delete
  process.rss = process.afterRelief = 100;
  expect((await look()).slice(0, 2)).toEqual(["pace none", "ok"]);
  await budget.admit(true);
});

test("what nothing gives back becomes the ground, so that there is a way back", async () => {
  const { budget, process, look } = await started();
  process.rss = 180;
  process.afterRelief = 170;
  await look();
  await look();
  expect(budget.level).toBe("ok");
  process.rss = 185; // half of the 30 MiB that are left
  process.afterRelief = 185;
  expect((await look())[1]).toBe("slowing");
});

test("memory is given back once in a while only", async () => {
  const { process, look } = await started();
  process.rss = process.afterRelief = 195;
  expect(await look()).toContain("relieve");
  process.rss = 198;
  expect(await look(memoryReliefEveryMs / 2)).not.toContain("relieve");
  expect(await look(memoryReliefEveryMs / 2)).toContain("relieve");
});

test("without a limit nothing is held back, and a limit counts from the moment it is set", async () => {
  const { budget, process } = await started();
  budget.limitTo(undefined);
  process.rss = 10_000;
  budget.limitTo(undefined);
  expect(budget.level).toBe("ok");
  budget.limitTo(200 * MiB);
  expect(budget.level).toBe("refusing");
});

test("under a limit each holder of memory has a share of it, and never more than without", () => {
  const usual = {
    cacheMiB: 64,
    trieBytes: 96 * MiB,
    requestBytes: 256 * MiB,
    inputBytes: 256 * MiB,
    gossipBytes: 128 * MiB,
    youngMiB: undefined,
  };
  expect(planMemory(undefined, usual)).toBe(usual);
  expect(planMemory(256 * MiB, usual)).toEqual({
    cacheMiB: 8,
    trieBytes: 8 * MiB,
    requestBytes: 8 * MiB,
    inputBytes: 16 * MiB,
    gossipBytes: 8 * MiB,
    youngMiB: 8,
  });
  expect(planMemory(2 ** 40, { ...usual, youngMiB: 64 })).toMatchObject({
    ...usual,
    youngMiB: expect.any(Number) as number,
  });
});
