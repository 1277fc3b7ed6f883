/**
 * Throws damaged messages at every decoder: `npm run fuzz -- --target parcel --seconds 60 --seed 7`.
 * Without a target all of them, each for `--seconds`. Prints what came of it; what broke a decoder
 * is kept under `test/fuzz/corpus/`, and the exit code is 1. Usage errors exit with 2.
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { Prng } from "../src/base/prng.ts";
import { saveInput } from "./fuzz/corpus.ts";
import { allocatedBytes, allocationBytesMax, smallPartsBytesMax } from "./fuzz/memory.ts";
import { type FuzzResult, fuzz } from "./fuzz/run.ts";
import { type Target, targets } from "./fuzz/targets.ts";

/** A nursery large enough that no collection falls into a measurement; see `fuzz/memory.ts`. */
const nurseryFlag = "--min-semi-space-size=64";

process.exitCode = process.execArgv.includes(nurseryFlag) ? main() : again();

function again(): number {
  return spawnSync(process.execPath, [nurseryFlag, ...process.argv.slice(1)], { stdio: "inherit" }).status ?? 1;
}

function main(): number {
  const options = readOptions();
  if (options === undefined) return 2;
  let failed = false;
  for (const target of options.targets) {
    const limits = { executionsMax: Infinity, secondsMax: options.seconds, measureEvery: 500 };
    const result = fuzz(target, { seed: options.seed, ...limits });
    failed = report(target, result, options.seed) || failed;
    failed = reportHeaviest(target, options.seed) || failed;
  }
  return failed ? 1 : 0;
}

interface Options {
  readonly targets: readonly Target[];
  readonly seconds: number;
  readonly seed: number;
}

function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      target: { type: "string" },
      seconds: { type: "string", default: "10" },
      seed: { type: "string", default: "1" },
    },
  });
  const chosen = targets.filter(({ name }) => values.target === undefined || name === values.target);
  const seconds = Number(values.seconds);
  const seed = Number(values.seed);
  if (chosen.length > 0 && seconds > 0 && Number.isSafeInteger(seed)) return { targets: chosen, seconds, seed };
  console.error(
    `usage: npm run fuzz -- [--target ${targets.map(({ name }) => name).join("|")}] [--seconds S] [--seed N]`,
  );
  return undefined;
}

/** Returns whether the target was broken. */
function report(target: Target, result: FuzzResult, seed: number): boolean {
  const rate = Math.round(result.executions / result.seconds);
  console.log(`${target.name}: ${result.executions} executions, ${rate}/s, seed ${seed}`);
  const outcomes = [...result.outcomes].sort(([, a], [, b]) => b - a);
  console.log(`  outcomes: ${outcomes.map(([name, count]) => `${name} ${count}`).join(", ")}`);
  console.log(`  most memory measured for one input: ${result.allocatedBytesTop} bytes`);
  for (const { input, what } of result.failures)
    console.log(`  BROKEN: ${what}; kept in ${saveInput(target.name, input)}`);
  return result.failures.length > 0;
}

function reportHeaviest(target: Target, seed: number): boolean {
  let failed = false;
  for (const input of target.heaviest(new Prng(seed))) {
    const bytes = allocatedBytes(target.decode, input);
    const over = bytes > smallPartsBytesMax(input.length);
    const remark = over
      ? "BROKEN"
      : bytes > allocationBytesMax(input.length)
        ? "over 4 x input + 1 MiB"
        : "within 4 x input + 1 MiB";
    console.log(
      `  smallest parts: ${input.length} bytes take ${bytes} (${(bytes / input.length).toFixed(1)} x): ${remark}`,
    );
    failed ||= over;
  }
  return failed;
}
