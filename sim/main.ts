/**
 * `npm run sim`: runs seeds until their number or the time is used up, and says what happened.
 *
 *   --seeds N --from S --seconds T --scenario NAME --trace --check-determinism --canary [NAME]
 *   --regressions   first the seeds that once broke something
 *   --once          no seed twice, as otherwise the first ones to see that a run depends on its seed alone
 *
 * A failing seed prints its options, the promise it broke with the facts, and how to see it again.
 */
import { parseArgs } from "node:util";
import { type Canary, canaries } from "./canaries.ts";
import { missingKinds, seedsUntilComplete } from "./coverage.ts";
import { type Scenario, scenarios } from "./options.ts";
import { regressions } from "./regressions.ts";
import { type SeedOutcome, runSeed } from "./run-seed.ts";
import type { WorldResult } from "./world.ts";

const seedsDefault = 200;
const determinismSeeds = 5;
const progressEveryMs = 200;

interface Request {
  readonly seeds: number;
  readonly from: number;
  readonly seconds: number;
  readonly scenario: Scenario;
  readonly trace: boolean;
  readonly keepGoing: boolean;
  readonly checkDeterminism: boolean;
  readonly once: boolean;
  readonly regressions: boolean;
  readonly canary: Canary | undefined;
}

class Tally {
  readonly startedAt: number = performance.now();
  readonly counts = new Map<string, number>();
  readonly convergedAfterMs: number[] = [];
  passed = 0;
  failed = 0;
  /** Seeds asked for, without those that are run again. */
  seeds = 0;
  virtualMs = 0;
  nodes = 0;
  messages = 0;
  bytes = 0;
  busiest: WorldResult["busiest"] = { links: 0, frames: 0, bytes: 0 };
  events = 0;

  take({ recorder, result, options }: SeedOutcome): void {
    this.nodes += options.nodes;
    this.messages += recorder.messages;
    this.bytes += recorder.bytes;
    for (const [kind, times] of recorder.counts) this.counts.set(kind, (this.counts.get(kind) ?? 0) + times);
    if (result === undefined) return void (this.failed += 1);
    this.passed += 1;
    this.virtualMs += result.virtualMs;
    this.events += result.events;
    if (result.busiest.bytes > this.busiest.bytes) this.busiest = result.busiest;
    this.convergedAfterMs.push(result.convergedAfterMs);
  }

  get seconds(): number {
    return (performance.now() - this.startedAt) / 1000;
  }
}

function main(): void {
  const request = readRequest();
  if (request === undefined) return;
  const tally = new Tally();
  if (request.regressions) runRegressions(tally);
  let shownAt = 0;
  for (let seed = request.from; seed < request.from + request.seeds && tally.seconds < request.seconds; seed++) {
    const outcome = runSeed({ ...request, seed, print: request.trace ? (line) => console.log(line) : undefined });
    tally.take(outcome);
    tally.seeds += 1;
    if (outcome.violation !== undefined) printFailure(outcome, request);
    const twice =
      request.checkDeterminism || (!request.trace && !request.once && seed < request.from + determinismSeeds);
    if (twice) checkTwice(outcome, request, tally);
    if (tally.failed > 0 && !request.keepGoing) break;
    if (process.stderr.isTTY && performance.now() - shownAt > progressEveryMs) {
      shownAt = performance.now();
      process.stderr.write(
        `\rseed ${seed}  ${tally.passed} passed  ${(tally.passed / tally.seconds).toFixed(1)} seeds/s `,
      );
    }
  }
  printSummary(tally);
  if (request.scenario === "chaos" && tally.seeds >= seedsUntilComplete) checkComplete(tally);
  if (tally.failed > 0) process.exitCode = 1;
}

function runRegressions(tally: Tally): void {
  for (const { seed, scenario, broke } of regressions) {
    const outcome = runSeed({ seed, scenario });
    tally.take(outcome);
    if (outcome.violation === undefined) continue;
    console.log(`\na seed that was repaired is broken again: ${broke}`);
    printFailure(outcome, { scenario, canary: undefined });
  }
}

/** Fails the run where something that is declared never happened. */
function checkComplete(tally: Tally): void {
  for (const kind of missingKinds(tally.counts)) {
    console.log(`${kind} never happened in ${tally.seeds} seeds; see sim/coverage.ts`);
    process.exitCode = 1;
  }
}

function readRequest(): Request | undefined {
  try {
    const { values } = parseArgs({
      options: {
        seeds: { type: "string" },
        from: { type: "string", default: "1" },
        seconds: { type: "string" },
        scenario: { type: "string", default: "chaos" },
        trace: { type: "boolean", default: false },
        "keep-going": { type: "boolean", default: false },
        "check-determinism": { type: "boolean", default: false },
        once: { type: "boolean", default: false },
        regressions: { type: "boolean", default: false },
        canary: { type: "string" },
      },
    });
    return {
      seeds:
        values.seeds === undefined
          ? values.seconds === undefined
            ? seedsDefault
            : Infinity
          : wholeNumber(values.seeds),
      from: wholeNumber(values.from),
      seconds: values.seconds === undefined ? Infinity : wholeNumber(values.seconds),
      scenario: oneOf(values.scenario, scenarios),
      trace: values.trace,
      keepGoing: values["keep-going"],
      checkDeterminism: values["check-determinism"],
      once: values.once,
      regressions: values.regressions,
      canary: values.canary === undefined ? undefined : oneOf(values.canary, canaries),
    };
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
    return undefined;
  }
}

function checkTwice(first: SeedOutcome, request: Request, tally: Tally): void {
  const second = runSeed({ ...request, seed: first.options.seed });
  if (second.digest === first.digest) return;
  tally.failed += 1;
  console.log(
    `seed ${first.options.seed} is not deterministic: ${first.digest.slice(0, 16)}, then ${second.digest.slice(0, 16)}`,
  );
}

function printFailure(
  { options, violation, digest }: SeedOutcome,
  { scenario, canary }: Pick<Request, "scenario" | "canary">,
): void {
  const scenarioFlag = scenario === "chaos" ? "" : ` --scenario ${scenario}`;
  const canaryFlag = canary === undefined ? "" : ` --canary ${canary}`;
  console.log(`\nseed ${options.seed} broke ${violation?.message ?? ""}`);
  console.log(`  facts    ${JSON.stringify(violation?.facts)}`);
  console.log(`  options  ${JSON.stringify(options)}`);
  console.log(`  trace    ${digest}`);
  if (violation?.cause instanceof Error) console.log(`  cause    ${violation.cause.stack ?? violation.cause.message}`);
  console.log(`  again    npm run sim -- --seeds 1 --from ${options.seed}${scenarioFlag}${canaryFlag} --trace`);
}

function printSummary(tally: Tally): void {
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
  const kinds = [...tally.counts].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [kind, times] of kinds) console.log(`${kind.padEnd(40)} ${String(times).padStart(10)}`);
  const sorted = tally.convergedAfterMs.sort((a, b) => a - b);
  const at = (share: number): string =>
    `${((sorted[Math.floor(share * (sorted.length - 1))] ?? 0) / 1000).toFixed(0)} s`;
  console.log(`converged after healing: median ${at(0.5)}, 95 % ${at(0.95)}, longest ${at(1)} of virtual time`);
  const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(2);
  console.log(
    `${tally.nodes} nodes: ${Math.round(tally.messages / tally.nodes)} messages and ${mebibytes(tally.bytes / tally.nodes)} MiB sent by each; at most ${mebibytes(process.resourceUsage().maxRSS * 1024)} MiB of memory in all`,
  );
  const { links, frames, bytes } = tally.busiest;
  console.log(`the busiest, with ${links} links: ${frames} frames and ${mebibytes(bytes)} MiB sent`);
  const ratio = tally.virtualMs / 1000 / tally.seconds;
  console.log(
    `${(tally.passed / tally.seconds).toFixed(1)} seeds/s, ${Math.round(tally.events / tally.seconds)} events/s, ${ratio.toFixed(0)} s of virtual time per second`,
  );
  console.log(`${tally.passed} passed, ${tally.failed} failed`);
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${text} is not a whole number`);
  return value;
}

function oneOf<T extends string>(text: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === text);
  if (found === undefined) throw new Error(`${text} is none of ${allowed.join(", ")}`);
  return found;
}

main();
