/**
 * `npm run sim:planted`: is the simulator able to find bugs at all? Each file of `sim/planted` is a
 * bug; it is put into a copy of the source tree, and the simulator runs there until it finds
 * something. Checkers know of no bug, so what they find they would find in an accident, too.
 *
 *   --only NAME --jobs N --seeds N --from S
 *
 * Exits 1 where a bug is not found or no longer applies.
 */
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type PlantedBug, plant, readBug } from "./planted/patch-file.ts";

const root = join(import.meta.dirname, "..");
const seedsDefault = 200;
/** A bug that makes the program turn in a circle ends here and counts as not found. Guess. */
const bugMsMax = 300_000;

interface Finding {
  readonly name: string;
  readonly promise: string | undefined;
  readonly seed: number | undefined;
  readonly seconds: number;
  readonly trouble: string | undefined;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      jobs: { type: "string", default: "1" },
      seeds: { type: "string", default: String(seedsDefault) },
      from: { type: "string", default: "1" },
    },
  });
  const bugs = readBugs(values.only);
  const waiting = [...bugs];
  const findings: Finding[] = [];
  const work = async (): Promise<void> => {
    for (let bug = waiting.shift(); bug !== undefined; bug = waiting.shift()) {
      const finding = await find(bug, ["--seeds", values.seeds, "--from", values.from]);
      findings.push(finding);
      console.log(rowOf(finding));
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Number(values.jobs)) }, work));
  const missed = findings.filter(({ promise }) => promise === undefined);
  console.log(`${findings.length - missed.length} of ${bugs.length} planted bugs found`);
  for (const { name, trouble } of missed)
    console.log(`  not found: ${name}${trouble === undefined ? "" : ` (${trouble})`}`);
  if (missed.length > 0) process.exitCode = 1;
}

function readBugs(only: string | undefined): readonly PlantedBug[] {
  const folder = join(root, "sim/planted");
  const names = readdirSync(folder).filter(
    (name) => name.endsWith(".patch") && (only === undefined || name === `${only}.patch`),
  );
  if (names.length === 0) throw new Error(`there is no planted bug ${only ?? "at all"}`);
  return names.sort().map((name) => readBug(join(folder, name)));
}

/** Runs the simulator on a copy with this bug in it. */
async function find(bug: PlantedBug, seeds: readonly string[]): Promise<Finding> {
  const copy = mkdtempSync(join(tmpdir(), "p2p-sync-planted-"));
  const began = performance.now();
  const seconds = (): number => (performance.now() - began) / 1000;
  try {
    for (const part of ["src", "sim", "package.json"]) cpSync(join(root, part), join(copy, part), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
    plant(bug, copy);
    const output = await simulate(copy, [...seeds, "--scenario", bug.scenario ?? "chaos"]);
    const found = /^seed (\d+) broke promise (.+)$/m.exec(output);
    const trouble = found !== null || /passed, 0 failed$/m.test(output) ? undefined : output.slice(-300);
    return {
      name: bug.name,
      seed: found === null ? undefined : Number(found[1]),
      promise: found?.[2],
      seconds: seconds(),
      trouble,
    };
  } catch (error) {
    return { name: bug.name, seed: undefined, promise: undefined, seconds: seconds(), trouble: String(error) };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** All that the simulator prints. */
async function simulate(copy: string, seeds: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, ["--max-semi-space-size=64", "sim/main.ts", "--once", ...seeds], {
    cwd: copy,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), bugMsMax);
  let output = "";
  child.stdout.on("data", (data: Buffer) => (output += data.toString()));
  child.stderr.on("data", (data: Buffer) => (output += data.toString()));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  child.once("error", reject).once("close", () => resolve());
  try {
    await promise;
    return output;
  } finally {
    clearTimeout(timer);
  }
}

function rowOf({ name, promise, seed, seconds }: Finding): string {
  const [found, at] = promise === undefined ? ["NOT FOUND", ""] : [promise, `seed ${seed}`];
  return `${name.padEnd(32)} ${at.padEnd(9)} ${`${seconds.toFixed(1)} s`.padStart(8)}  ${found}`;
}

await main();
