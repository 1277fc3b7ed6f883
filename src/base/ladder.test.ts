import { expect, test } from "vitest";
import { Ladder } from "./ladder.ts";

test("a level begins at its mark and ends at the lower one", () => {
  const ladder = new Ladder("ok", [
    { name: "near", from: 0.8, until: 0.78 },
    { name: "full", from: 0.9, until: 0.88 },
  ]);
  const path: readonly (readonly [number, string])[] = [
    [0.79, "ok"],
    [0.8, "near"],
    [0.79, "near"],
    [0.77, "ok"],
    [2, "full"],
    [0.89, "full"],
    [0.87, "near"],
    [0.1, "ok"],
  ];
  for (const [pressure, level] of path) expect([pressure, ladder.step(pressure)]).toEqual([pressure, level]);
});

test("a higher level counts as all those below it", () => {
  const ladder = new Ladder("ok", [
    { name: "near", from: 0.8, until: 0.78 },
    { name: "full", from: 0.9, until: 0.88 },
  ]);
  expect([ladder.reached("near"), ladder.reached("ok")]).toEqual([false, true]);
  ladder.step(1);
  expect([ladder.reached("near"), ladder.reached("full")]).toEqual([true, true]);
});
