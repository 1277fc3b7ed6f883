import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { countTests, steps } from "./ci.ts";

test("the closing line counts everything that neither passed nor failed as skipped", () => {
  const results = ["passed", "passed", "failed", "skipped", "pending", "todo"].map((status) => ({
    path: "a.test.ts",
    title: "a",
    status,
  }));
  expect(countTests(results)).toBe("2 passed, 1 failed, 3 skipped");
});

test("each step is a script of its own", () => {
  const { scripts } = JSON.parse(readFileSync(join(import.meta.dirname, "../package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const names = steps.map((step) => step.replace(/^run /, "").split(" ")[0] ?? "");
  expect(names.filter((name) => scripts[name] === undefined)).toEqual([]);
});
