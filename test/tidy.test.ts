import { join } from "node:path";
import { expect, test } from "vitest";
import { formatProblem } from "../tools/tidy/problem.ts";
import { readRepository, tidy } from "../tools/tidy.ts";

test("the repository follows the house rules that tools/tidy.ts checks", () => {
  const texts = readRepository(join(import.meta.dirname, ".."));
  expect(texts.has("package.json")).toBe(true);
  expect(tidy(texts).map(formatProblem)).toEqual([]);
});
