/** The shipped scenarios, on real processes, and one that must fail. */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { StepResult } from "../../src/cli/testnet/run-scenario.ts";
import { OwnTestnet } from "./own-testnet.ts";

const examples = join(import.meta.dirname, "../../examples/testnet");

async function run(
  net: OwnTestnet,
  file: string,
): Promise<{ readonly code: number | null; readonly steps: StepResult[] }> {
  const said = await net.run("run", file, "--json");
  const lines = said.out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as StepResult & { readonly ok?: boolean });
  expect(lines.pop()?.ok, said.out + said.err).toBe(said.code === 0);
  return { code: said.code, steps: lines };
}

test("split and heal: each side works, healed to one set of data", { timeout: 60_000 }, async () => {
  await using net = new OwnTestnet();
  const { code, steps } = await run(net, join(examples, "split-and-heal.toml"));
  expect(steps.map(({ outcome }) => outcome)).toEqual(steps.map(() => "passed"));
  expect([code, existsSync(net.dir)]).toEqual([0, false]);
});

test("many at once: twelve nodes find all their links and share what each writes", { timeout: 120_000 }, async () => {
  await using net = new OwnTestnet();
  const { code, steps } = await run(net, join(examples, "many-at-once.toml"));
  expect(steps.map(({ outcome }) => outcome)).toEqual(["passed", "passed", "passed", "passed"]);
  expect([code, existsSync(net.dir)]).toEqual([0, false]);
});

test("lossy, slow and restarted: what gossip loses comes all the same", { timeout: 60_000 }, async () => {
  await using net = new OwnTestnet();
  const file = `${net.dir}.toml`;
  writeFileSync(
    file,
    `nodes = 3
[settings]
sync.interval_seconds = 1
[[step]]
expect = { peers = "all", within = "20s" }
[[step]]
lossy = { ends = "2", percent = 50 }
[[step]]
slow = { ends = "1-3", delay = "100ms" }
[[step]]
load = { node = "all", keys = 50, bytes = 100 }
expect = [{ entries = 150, within = "20s" }, { converged = "20s" }]
[[step]]
kill = 3
[[step]]
load = { node = 1, keys = 20, bytes = 1000 }
[[step]]
restart = 3
expect = { node = 3, entries = 170, within = "20s" }
[[step]]
diskfull = { node = 2 }
[[step]]
put = { node = 2, key = "k", value = "v", refused = "disk_full" }
`,
  );
  const { code, steps } = await run(net, file);
  expect(steps.map(({ outcome, reason }) => reason ?? outcome)).toEqual(steps.map(() => "passed"));
  expect(code).toBe(0);
});

test(
  "a step that fails ends the run with exit code 1, its line and what was seen; the rest is not run",
  { timeout: 60_000 },
  async () => {
    await using net = new OwnTestnet();
    const file = `${net.dir}.toml`;
    const wrong =
      'nodes = 1\n[[step]]\nput = { node = 1, key = "k", value = "v" }\n[[step]]\nexpect = { node = 1, key = "k", value = "w", within = "200ms" }\n[[step]]\nkill = 1\n';
    writeFileSync(file, wrong);
    const { code, steps } = await run(net, file);
    expect(steps.map(({ outcome, line }) => [outcome, line])).toEqual([
      ["passed", 2],
      ["failed", 4],
      ["not run", 6],
    ]);
    expect(steps[1]?.reason).toContain('k on node 1 is "v", not "w"');
    expect([code, net.running(), existsSync(join(net.dir, "logs", "node1.log"))]).toEqual([1, [], true]);
    rmSync(file);
  },
);
