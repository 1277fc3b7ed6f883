import { expect, test } from "vitest";
import { parseDuration, parseEnds, parseGroups, parseNode, parseOffset, parsePercent } from "./words.ts";

test.each([
  ["1,2|3", [[1, 2], [3]]],
  ["3", [[3]]],
  ["1|2|3", [[1], [2], [3]]],
  ["1, 2 | 3", [[1, 2], [3]]],
])("the groups %j are read", (text, groups) => {
  expect(parseGroups(text)).toEqual(groups);
});

test.each(["", "1,", "|", "1,2|2", "0", "1-2", "a|b", "1,,2", "01"])("the groups %j are refused", (text) => {
  expect(() => parseGroups(text)).toThrow(/is not the number of a node|named twice/);
});

test("a node in two groups is named", () => {
  expect(() => parseGroups("1,2|3,2")).toThrow(/Node 2 is named twice/);
});

test("ends are one node or two different ones", () => {
  expect(parseEnds("3")).toEqual({ a: 3, b: undefined });
  expect(parseEnds("1-3")).toEqual({ a: 1, b: 3 });
  expect(() => parseEnds("2-2")).toThrow(/no link to itself/);
  expect(() => parseEnds("1-2-3")).toThrow(/two such as 1-3/);
  expect(() => parseNode("-1")).toThrow(/number of a node/);
});

test("durations, offsets and shares need their units and signs", () => {
  expect([parseDuration("200ms"), parseDuration("1.5s"), parseDuration("2m")]).toEqual([200, 1_500, 120_000]);
  expect([parseOffset("+20s"), parseOffset("-3m"), parseOffset("0")]).toEqual([20_000, -180_000, 0]);
  expect([parsePercent("30"), parsePercent("2.5%"), parsePercent("100")]).toEqual([30, 2.5, 100]);
  for (const text of ["200", "s", "1 s", "-1s"]) expect(() => parseDuration(text)).toThrow(/unit/);
  for (const text of ["20s", "+", "+20"]) expect(() => parseOffset(text)).toThrow(/off the clock|unit/);
  for (const text of ["101", "-1", "x", "%"]) expect(() => parsePercent(text)).toThrow(/0 to 100/);
});
