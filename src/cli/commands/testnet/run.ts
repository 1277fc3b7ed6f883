/**
 * `testnet run`: a scenario on the testnet in the folder, or on one of its own that is made for it
 * and taken away afterwards.
 */
import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import type { Command } from "commander";
import { Fault } from "../../../base/fault.ts";
import { testnetNamePrefix } from "../../../config/contradictions.ts";
import type { ExitCode } from "../../failure.ts";
import { readRecord } from "../../testnet/files.ts";
import { runScenario, type StepResult } from "../../testnet/run-scenario.ts";
import { readScenario, type Scenario } from "../../testnet/scenario-file.ts";
import { Testnet } from "../../testnet/testnet.ts";
import { painter } from "../../text.ts";
import { jsonLine, type Registry } from "../../verb.ts";
import { createProgressLine } from "./progress-line.ts";
import { asTestnetVerb, type TestnetContext } from "./verb.ts";

interface RunOptions {
  readonly keep?: boolean;
  readonly netns?: boolean;
}

export function addTestnetRun(group: Command, registry: Registry): void {
  const command = group
    .command("run <SCENARIO>")
    .description("Run the steps of a TOML file and judge what they expect; exit code 1 where one fails")
    .option("--netns", "make it with a network namespace for each node (needs root, ip and nft)")
    .option("--keep", "leave a testnet that was made for this run as it is at the end")
    .addHelpText(
      "after",
      `
A testnet that is in the folder is used as it is; otherwise one is made there, with free ports, and removed
at the end. After a failure its nodes are stopped and its folder is left for you to read.
With --json one object per step, then one for the whole.

Example:
  p2p-sync testnet run examples/testnet/split-and-heal.toml --dir /tmp/split`,
    );
  asTestnetVerb<RunOptions>(command, registry, async (context, file = "") => {
    const scenario = readScenario(resolve(context.shell.workingDir, file));
    const isOwn = readRecord(context.dir) === undefined;
    const interrupted = new AbortController();
    const onSignal = (): void => interrupted.abort();
    process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
    const testnet = isOwn ? await make(context, scenario) : existing(context, scenario);
    let passed = false;
    try {
      passed = await perform(context, testnet, scenario, interrupted.signal);
    } finally {
      process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
      if (isOwn && context.options.keep !== true) await remove(context, testnet, passed);
    }
    return (passed ? 0 : 1) satisfies ExitCode;
  });
}

async function make({ dir, shell, options }: TestnetContext<RunOptions>, scenario: Scenario): Promise<Testnet> {
  const { nodes, seed, settings } = scenario;
  const netns = options.netns === true;
  const bases = netns ? { basePort: 8001, httpBase: 9001 } : { basePort: 0, httpBase: 0 };
  const network = `${testnetNamePrefix}-${randomBytes(4).toString("hex")}`;
  return await Testnet.create(dir, { nodes, seed, settings, network, ...bases, netns }, shell.environment);
}

function existing({ open, dir }: TestnetContext<unknown>, { nodes }: Scenario): Testnet {
  const testnet = open();
  const found = testnet.record.nodes.length;
  if (found < nodes)
    throw new Fault("invalid_argument", `The scenario needs ${nodes} nodes; the testnet in ${dir} has ${found}.`);
  return testnet;
}

async function perform(
  context: TestnetContext<unknown>,
  testnet: Testnet,
  scenario: Scenario,
  signal: AbortSignal,
): Promise<boolean> {
  const began = performance.now();
  const line = createProgressLine(context.shell);
  await testnet.start();
  await testnet.untilReady(line.show);
  line.end();
  const startMs = Math.round(performance.now() - began);
  if (!context.json)
    context.print(`${scenario.name}\n  ${testnet.record.nodes.length} nodes answer after ${startMs} ms\n`);
  const results = await runScenario(testnet, scenario, (result) => show(context, scenario, result), signal);
  const passed = results.every(({ outcome }) => outcome === "passed");
  const elapsedMs = Math.round(performance.now() - began);
  const count = results.filter(({ outcome }) => outcome === "passed").length;
  context.print(
    context.json
      ? jsonLine({ ok: passed, scenario: scenario.name, steps: results.length, passed: count, startMs, elapsedMs })
      : `${passed ? "passed" : "failed"}: ${count} of ${results.length} steps in ${(elapsedMs / 1_000).toFixed(1)} s\n`,
  );
  return passed;
}

function show({ json, print, shell }: TestnetContext<unknown>, { file }: Scenario, result: StepResult): void {
  if (json) return print(jsonLine({ ...result, reason: result.reason ?? null }));
  const { outcome, title, elapsedMs, reason, line } = result;
  const colour = outcome === "passed" ? "green" : outcome === "failed" ? "red" : "dim";
  const time = outcome === "not run" ? "" : ` (${elapsedMs} ms)`;
  print(`  ${painter(shell)(outcome.padEnd(7), colour)} ${title}${time}\n`);
  if (reason !== undefined) print(`          ${file}:${line}: ${reason}\n`);
}

async function remove({ tell, dir }: TestnetContext<unknown>, testnet: Testnet, passed: boolean): Promise<void> {
  await testnet.down();
  if (passed) testnet.wipeFolder();
  else
    tell(
      `The nodes are stopped; files and logs are in ${dir}. Remove them: p2p-sync testnet down --wipe --dir ${dir}\n`,
    );
}
