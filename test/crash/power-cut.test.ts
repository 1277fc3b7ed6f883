import { expect, test } from "vitest";
import { missingForLoopDisk } from "../support/loop-disk.ts";
import { runPowerCuts } from "./power-cut.ts";

const missing = missingForLoopDisk();

test("two power cuts during writes lose nothing acknowledged", { timeout: 60_000 }, async (ctx) => {
  ctx.skip(missing !== undefined, `power cut on a loop device: ${missing ?? ""}`);
  const report = await runPowerCuts({ cuts: 2, seed: 20261120, durability: "strict" }, () => undefined);
  expect(report.acknowledged).toBeGreaterThan(50);
});

test("the same cuts catch a node that answers before the disk has it", { timeout: 60_000 }, async (ctx) => {
  ctx.skip(missing !== undefined, `power cut on a loop device: ${missing ?? ""}`);
  const cuts = runPowerCuts({ cuts: 3, seed: 20261120, durability: "relaxed" }, () => undefined);
  await expect(cuts).rejects.toThrow(/acknowledged writes lost/);
});
