import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Fault } from "../../base/fault.ts";
import type { Problem } from "../../config/problem.ts";
import { readScenario, type Scenario } from "./scenario-file.ts";

function read(text: string): Scenario {
  const dir = mkdtempSync(join(tmpdir(), "p2p-sync-scenario-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const file = join(dir, "s.toml");
  writeFileSync(file, text);
  return readScenario(file);
}

function problemsOf(text: string): readonly string[] {
  try {
    read(text);
  } catch (error) {
    const { problems } = (error as Fault).details as { readonly problems: readonly Problem[] };
    return problems.map(({ message }) => message.replace(/^.*s\.toml:/, ""));
  }
  return [];
}

test("every action and expectation is read into what it means", () => {
  const scenario = read(`
name = "all of it"
nodes = 3
seed = 7
[settings]
sync.interval_seconds = 2
[[step]]
put = { node = 1, key = "k", value = "v", refused = "disk_full" }
[[step]]
delete = { node = 1, key = "k" }
[[step]]
load = { node = "all", keys = 10, bytes = 100 }
[[step]]
name = "cut"
partition = "1,2|3"
expect = [{ node = 3, key = "k", absent = true, for = "1s" }, { peers = 1, node = 1 }]
[[step]]
heal = "all"
expect = { converged = "10s" }
[[step]]
kill = 2
[[step]]
add = true
[[step]]
wait = "1.5s"
[[step]]
slow = { ends = "1-3", delay = "200ms" }
[[step]]
lossy = { ends = "2", percent = 30 }
[[step]]
clock = { node = 2, offset = "-20s" }
[[step]]
diskfull = { node = 2, off = true }
[[step]]
expect = { entries = 3, within = "2s" }
`);
  expect(scenario).toMatchObject({ name: "all of it", nodes: 3, seed: 7, settings: { "sync.interval_seconds": "2" } });
  expect(scenario.steps.map(({ action }) => action)).toEqual([
    { type: "put", node: 1, key: "k", value: "v", refused: "disk_full" },
    { type: "delete", node: 1, key: "k" },
    { type: "load", node: "all", keys: 10, bytes: 100 },
    { type: "partition", groups: [[1, 2], [3]] },
    { type: "heal", all: true },
    { type: "kill", node: 2 },
    { type: "add" },
    { type: "wait", ms: 1_500 },
    { type: "slow", ends: { a: 1, b: 3 }, delayMs: 200 },
    { type: "lossy", ends: { a: 2, b: undefined }, percent: 30 },
    { type: "clock", node: 2, offsetMs: -20_000 },
    { type: "diskfull", node: 2, isFull: false },
    undefined,
  ]);
  expect(scenario.steps[3]).toMatchObject({ number: 4, line: 13, name: "cut" });
  expect(scenario.steps.flatMap(({ expectations }) => expectations)).toEqual([
    { type: "value", node: 3, key: "k", value: undefined, span: { type: "for", ms: 1_000 } },
    { type: "peers", node: 1, count: 1, span: { type: "within", ms: 5_000 } },
    { type: "converged", span: { type: "within", ms: 10_000 } },
    { type: "entries", node: undefined, count: 3, span: { type: "within", ms: 2_000 } },
  ]);
});

test("all mistakes are reported at once, each with its line", () => {
  const problems = problemsOf(`nodes = 3
colour = "red"
[settings]
sync.interval = 1
[[step]]
putt = 1

[[step]]
kill = 1
pause = 2

[[step]]
put = { node = 1, key = "k", value = "v", valu = "w" }

[[step]]
name = "an empty one"

[[step]]
wait = 5
expect = { peers = "many" }
`);
  expect(problems).toEqual([
    expect.stringMatching(/^2: colour is an unknown key/),
    expect.stringMatching(/^4: settings\.sync\.interval is refused/),
    expect.stringMatching(/^6: step 1: putt is an unknown key; a step has name, expect, and one of put, delete/),
    expect.stringMatching(/^10: step 2: pause is a second action beside kill/),
    expect.stringMatching(/^13: step 3: put is refused: it has an unknown key valu/),
    expect.stringMatching(/^15: step 4: step does nothing/),
    expect.stringMatching(/^20: step 5: expect is refused: peers must be "all"/),
    expect.stringMatching(/^19: step 5: wait is refused: it must be text such as "2s"/),
  ]);
});

test.each([
  ["nodes = 51\n[[step]]\nadd = true", /^1: nodes must be a whole number from 1 to 50/],
  ["nodes = 3", /step must be there/],
  ["nodes = 3\nstep = []", /^2: step must be there/],
  ['nodes = 3\n[[step]]\npartition = "1,1|2"', /^3: step 1: partition is refused: Node 1 is named twice/],
  ["nodes = 3\n[[step]]\nheal = false", /it must be true or "all"/],
  ['nodes = 3\n[[step]]\nexpect = { key = "k" }', /it must be one of/],
  ['nodes = 3\n[[step]]\nexpect = { node = 1, key = "k" }', /needs either value or absent/],
  ['nodes = 3\n[[step]]\nexpect = { entries = 1, within = "1s", for = "1s" }', /both within and for/],
])("%j is refused", (text, message) => {
  expect(problemsOf(text)).toEqual([expect.stringMatching(message)]);
});

test("of very many problems the first twenty are told, and a hundred steps are enough", () => {
  expect(problemsOf(`nodes = 3\n${"[[step]]\nfly = 1\n".repeat(90)}`)).toHaveLength(20);
  expect(problemsOf(`nodes = 3\n${"[[step]]\nheal = true\n".repeat(101)}`)).toEqual([
    expect.stringMatching(/step must be there once to 100 times/),
  ]);
});

test("what is no TOML is refused with its line", () => {
  expect(() => read("nodes = \n")).toThrow(/s\.toml:1: /);
});

test("the shipped examples are good scenarios", () => {
  const examples = join(import.meta.dirname, "../../../examples/testnet");
  expect(readScenario(join(examples, "split-and-heal.toml")).steps.length).toBeGreaterThan(8);
  expect(readScenario(join(examples, "many-at-once.toml")).nodes).toBe(12);
});
