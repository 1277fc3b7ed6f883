import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Prng } from "../../src/base/prng.ts";
import { readCorpus } from "../../tools/fuzz/corpus.ts";
import { Counters } from "../../tools/fuzz/coverage.ts";
import { examine } from "../../tools/fuzz/examine.ts";

// Before the targets are loaded, else their code has no counters.
const source = join(import.meta.dirname, "../../src");
const counters = new Counters((url) => url.includes("/src/"));
afterAll(() => counters.stop());
const { loadTargets } = await import("../../tools/fuzz/targets/all.ts");
const targets = await loadTargets();

/** Named like readers, but what they read is our own. */
const noReaders: Readonly<Record<string, string>> = {};

/** `codec/ack.ts decodeAck` of everything in `src` that is named like a reader of foreign input, or of what a disk may have changed. */
function readers(): readonly string[] {
  return globSync("**/*.ts", { cwd: source })
    .filter((file) => !file.endsWith(".test.ts"))
    .flatMap((file) => {
      const text = readFileSync(join(source, file), "utf8");
      const functions = text.matchAll(/^export (?:async )?function\*? ((?:decode|guard|parse|read|stored)[A-Z]\w*)/gm);
      const classes = text.matchAll(/^export class (\w+Decoder)\b/gm);
      return [...functions, ...classes].map(([, name]) => `${file} ${name}`);
    })
    .sort();
}

test("every reader of foreign input is fed by a fuzz target", () => {
  const covered = new Set(targets.flatMap(({ covers }) => covers));
  const missing = readers().filter((reader) => !covered.has(reader) && !(reader in noReaders));
  const help = missing.map(
    (reader) => `add a target with covers: ["${reader}"] to a file of tools/fuzz/targets, as docs/TESTING.md says`,
  );
  expect(help).toEqual([]);
});

test("names of targets are different and good for files", () => {
  const names = targets.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => !/^[a-z0-9-]+$/.test(name))).toEqual([]);
});

describe.each(targets.map((target) => ({ name: target.name, target })))("the target $name", ({ target }) => {
  test("reaches what it says it feeds", async () => {
    const prng = new Prng(7);
    const inputs = [
      ...readCorpus(target.name).map(({ input }) => input),
      ...Array.from({ length: 10 }, () => target.valid(prng)),
    ];
    counters.look();
    for (const input of inputs) await examine(target, input);
    const reached = [...counters.look().functions.keys()].map((name) => {
      const [url = "", functionName = ""] = name.split(" ");
      return `${url.slice(url.indexOf("/src/") + 5).split("?")[0]} ${functionName}`;
    });
    expect(target.covers.filter((reader) => !reached.includes(reader))).toEqual([]);
  });
});
