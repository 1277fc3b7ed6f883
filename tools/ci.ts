/**
 * Runs every check of the project in order, cheap ones that others build on first, and stops at
 * the first that fails, with its exit code. `npm run ci` does the same on every machine; each step
 * also runs alone, as `npm run <step>`. The last line counts the tests.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readReport, type TestResult } from "./checklist.ts";

const root = join(import.meta.dirname, "..");
const report = join(root, ".cache/test-report.json");

/** Arguments of npm, one step each. The checklist reads what `test` reported. */
export const steps: readonly string[] = [
  "test",
  "run types",
  "run lint",
  "run format:check",
  "run tidy",
  "run checklist",
  "run knip",
  "run docs:check",
  "run demo",
  "run sim -- --regressions --seeds 400",
  "run fuzz -- --each --seconds 20 --jobs 2",
  "run package-check",
];

/** All steps are to take under 20 min on two idle cores. Guess: four times that where they are slow or shared; a step that hangs ends here, too. */
const totalMsMax = 75 * 60_000;

type Outcome = { readonly type: "exited"; readonly code: number } | { readonly type: "timedOut" };

async function runStep(step: string, timeoutMs: number): Promise<Outcome> {
  // Its own process group, so that a timeout ends everything the step has started.
  const child = spawn("npm", step.split(" "), { cwd: root, stdio: ["ignore", "inherit", "inherit"], detached: true });
  const endGroup = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  };
  const onSignal = (): void => {
    endGroup();
    process.exit(130);
  };
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    endGroup();
  }, timeoutMs);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.once("error", reject).once("exit", (code) => resolve(code ?? 1));
  try {
    const code = await promise;
    return timedOut ? { type: "timedOut" } : { type: "exited", code };
  } finally {
    clearTimeout(timer);
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}

/** `12 passed, 0 failed, 1 skipped`. */
export function countTests(results: readonly TestResult[]): string {
  const passed = results.filter((result) => result.status === "passed").length;
  const failed = results.filter((result) => result.status === "failed").length;
  return `${passed} passed, ${failed} failed, ${results.length - passed - failed} skipped`;
}

async function main(): Promise<number> {
  rmSync(report, { force: true }); // an old report must not vouch for new code
  const began = performance.now();
  for (const step of steps) {
    console.log(`=== npm ${step}`);
    const stepBegan = performance.now();
    const outcome = await runStep(step, totalMsMax - (stepBegan - began));
    const seconds = ((performance.now() - stepBegan) / 1000).toFixed(1);
    if (outcome.type === "timedOut") {
      console.log(
        `=== npm ${step}: stopped after ${seconds} s; all checks together may take ${totalMsMax / 60_000} min`,
      );
      return 1;
    }
    if (outcome.code !== 0) {
      console.log(`=== npm ${step}: failed after ${seconds} s with exit code ${outcome.code}`);
      return outcome.code;
    }
    console.log(`=== npm ${step}: ok in ${seconds} s`);
  }
  console.log(`=== all ${steps.length} steps ok in ${((performance.now() - began) / 1000).toFixed(0)} s`);
  return 0;
}

if (import.meta.main) {
  process.exitCode = await main();
  console.log(existsSync(report) ? countTests(readReport(readFileSync(report, "utf8"), root)) : "no test report");
}
