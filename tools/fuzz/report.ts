/** What a fuzzing run says while it runs and when it is over. */
import { relative } from "node:path";
import type { Bytes } from "../../src/base/bytes.ts";
import { saveRegression } from "./corpus.ts";
import { allocationBytesMax, smallPartsBytesMax } from "./memory.ts";
import type { Progress } from "./run.ts";
import type { End } from "./thread.ts";

interface Goal {
  readonly executions: number;
  readonly seconds: number;
}

/** Between two lines of progress. */
const showEveryMs = 10_000;

export function describeProgress(target: string, goal: Goal): (progress: Progress) => void {
  const began = performance.now();
  let shown = began;
  return ({ executions, seeds, stretches }) => {
    const now = performance.now();
    if (now - shown < showEveryMs) return;
    shown = now;
    const seconds = (now - began) / 1_000;
    const rate = executions / seconds;
    const left = Math.round(Math.min(goal.seconds - seconds, (goal.executions - executions) / rate));
    console.log(
      `${target}: ${executions} executions, ${Math.round(rate)}/s, ${seeds} seeds, ${stretches} stretches of code reached, ${left} s left`,
    );
  };
}

/** Also keeps what broke the target. */
export function describeEnd(
  target: string,
  end: End,
  seed: number,
): { readonly text: string; readonly broken: boolean } {
  if (end.type !== "done") return { text: brokenBy(target, end.input, end.why), broken: true };
  const { report } = end;
  const rate = Math.round(report.executions / report.seconds);
  const outcomes = [...report.outcomes].sort(([, a], [, b]) => b - a);
  const heavy = report.heaviest.map(({ inputBytes, bytes }) => heaviness(inputBytes, bytes));
  const lines = [
    `${target}: ${report.executions} executions in ${report.seconds.toFixed(0)} s, ${rate}/s, seed ${seed}, ${report.seedsCount} seeds, ${report.stretches} stretches of code reached`,
    `  outcomes: ${outcomes.map(([name, count]) => `${name} ${count}`).join(", ")}`,
    `  most memory measured for one input: ${report.allocatedBytesTop} bytes`,
    ...heavy.map(({ text }) => text),
    ...report.failures.map(({ input, what }) => brokenBy(target, input, what)),
  ];
  return { text: lines.join("\n"), broken: report.failures.length > 0 || heavy.some(({ over }) => over) };
}

function brokenBy(target: string, input: Bytes | undefined, what: string): string {
  if (input === undefined) return `  BROKEN ${target}: ${what}`;
  const path = relative(process.cwd(), saveRegression(target, input));
  return `  BROKEN ${target}: ${what}\n  again with: npm run fuzz -- --target ${target} --input ${path}`;
}

function heaviness(inputBytes: number, bytes: number): { readonly text: string; readonly over: boolean } {
  const over = bytes > smallPartsBytesMax(inputBytes);
  const within = bytes <= allocationBytesMax(inputBytes) ? "within 4 x input + 1 MiB" : "over 4 x input + 1 MiB";
  const text = `  smallest parts: ${inputBytes} bytes take ${bytes} (${(bytes / inputBytes).toFixed(1)} x): ${over ? "BROKEN" : within}`;
  return { text, over };
}
