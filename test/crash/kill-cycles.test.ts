import { expect, test } from "vitest";
import { runKillCycles } from "./kill-cycles.ts";

test(
  "twenty times kill -9 during writes: nothing acknowledged is lost, nothing is invented",
  { timeout: 150_000 },
  async () => {
    const report = await runKillCycles(20, 20261120, () => undefined);
    expect(report.cycles).toBe(20);
    expect(report.acknowledged).toBeGreaterThan(200);
  },
);
