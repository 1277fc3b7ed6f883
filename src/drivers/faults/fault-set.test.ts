import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { PeerId } from "../../base/brand.ts";
import { type FaultSet, noFaults, parseFaultJson, parseFaultSet, readFaultFile, writeFaultFile } from "./fault-set.ts";

const full: FaultSet = {
  cut: ["a" as PeerId],
  delayMs: { b: 200 },
  lossPercent: { b: 30 },
  seed: 7,
  clockOffsetMs: -5_000,
  diskFull: true,
};

test("a set comes back from its file as it was, and none is a set without faults", () => {
  const dir = mkdtempSync(join(tmpdir(), "p2p-sync-faults-"));
  expect(readFaultFile(dir)).toEqual(noFaults);
  writeFaultFile(dir, full);
  expect(readFaultFile(dir)).toEqual(full);
  rmSync(dir, { recursive: true });
});

test("what is left out has no fault", () => {
  expect(parseFaultSet({})).toEqual(noFaults);
});

test.each([
  ["[]", /must be an object/],
  ["{", /not JSON/],
  ['{"cuts":[]}', /unknown field cuts/],
  ['{"cut":[1]}', /peer ids/],
  ['{"delayMs":{"a":60001}}', /from 0 to 60000/],
  ['{"lossPercent":{"a":101}}', /from 0 to 100/],
  ['{"lossPercent":{"a":null}}', /from 0 to 100/],
  ['{"clockOffsetMs":172800001}', /clockOffsetMs/],
  ['{"seed":0.5}', /seed/],
  ['{"diskFull":1}', /diskFull/],
])("%s is refused", (text, words) => {
  expect(() => parseFaultJson(text)).toThrow(words);
});
