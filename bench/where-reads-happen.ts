/**
 * `node bench/where-reads-happen.ts [--runs N --size small|full --json]`
 *
 * Where should the replica and its store live? Three variants of the same code, each in a process
 * of its own, take turns under the same work; `where-reads/engines.ts` says what differs. Prints
 * the medians of all runs.
 */
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { load, machine } from "./machine.ts";
import { Progress } from "./progress.ts";
import { median } from "./statistics.ts";
import type { EngineName } from "./where-reads/engines.ts";
import type { Found, Work } from "./where-reads/measure.ts";

const variants: readonly EngineName[] = ["worker", "overlay", "main"];
const workOf = {
  small: { paced: 500, singles: 5_000, batches: 10 },
  full: { paced: 3_000, singles: 40_000, batches: 100 },
} as const;
const runMsMax = 180_000;

const programFile = fileURLToPath(new URL("./where-reads/measure.ts", import.meta.url));

interface Row extends Found {
  readonly variant: EngineName;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { runs: { type: "string" }, size: { type: "string" }, json: { type: "boolean" } },
  });
  const size = values.size === "small" ? "small" : "full";
  const runs = Number(values.runs ?? (size === "small" ? 1 : 3));
  const before = load();
  const rows = await measureAll(runs, workOf[size]);
  const about = { machine: machine(), size, runs, date: new Date().toISOString(), load: { before, after: load() } };
  process.stdout.write(
    values.json === true
      ? `${JSON.stringify({ ...about, rows }, undefined, 2)}\n`
      : `load ${before} before, ${about.load.after} after; median of ${runs} runs\n\n${table(rows)}\n`,
  );
}

/** Variants take turns, so that a noisy minute hits all of them. */
async function measureAll(runs: number, work: Omit<Work, "variant" | "folder">): Promise<readonly Row[]> {
  const progress = new Progress();
  const all: Row[] = [];
  progress.begin("where reads happen");
  for (let run = 0; run < runs; run++) {
    for (const [index, variant] of variants.entries()) {
      all.push(...(await measureOne({ variant, ...work })).map((found) => ({ variant, ...found })));
      progress.at(run * variants.length + index + 1, runs * variants.length, "runs");
    }
  }
  progress.end();
  const groups = Map.groupBy(all, ({ name, variant }) => `${name}/${variant}`);
  const rows = [...groups.values()].map(medianRow);
  const names = rows.map(({ name }) => name);
  return rows.sort(
    (a, b) =>
      names.indexOf(a.name) - names.indexOf(b.name) || variants.indexOf(a.variant) - variants.indexOf(b.variant),
  );
}

function measureOne(work: Omit<Work, "folder">): Promise<readonly Found[]> {
  return new Promise((resolve, reject) => {
    const folder = mkdtempSync(join(tmpdir(), "p2p-sync-bench-"));
    const child = fork(programFile, { serialization: "advanced", stdio: ["ignore", "ignore", "inherit", "ipc"] });
    const late = setTimeout(() => child.kill("SIGKILL"), runMsMax);
    let found: readonly Found[] | undefined;
    child.once("message", (message) => (found = message as readonly Found[]));
    child.once("exit", (code, signal) => {
      clearTimeout(late);
      rmSync(folder, { recursive: true, force: true });
      if (found === undefined) reject(new Error(`variant ${work.variant} ended with ${signal ?? code}`));
      else resolve(found);
    });
    child.send({ folder, ...work });
  });
}

function medianRow(group: readonly Row[]): Row {
  const [first] = group;
  if (first === undefined) throw new Error("a group has rows");
  const of = (field: "rate" | "p50" | "p99" | "loopP99" | "loopMax"): number => median(group.map((row) => row[field]));
  return {
    variant: first.variant,
    name: first.name,
    rate: of("rate"),
    p50: of("p50"),
    p99: of("p99"),
    loopP99: of("loopP99"),
    loopMax: of("loopMax"),
  };
}

function table(rows: readonly Row[]): string {
  const head = ["work", "replica in", "entries/s", "p50 ms", "p99 ms", "loop p99 ms", "loop max ms"];
  const ms = (value: number): string => value.toFixed(value < 10 ? 2 : 1);
  const cells = rows.map(({ name, variant, rate, p50, p99, loopP99, loopMax }) => [
    name,
    variant,
    Math.round(rate).toLocaleString("en-US"),
    ms(p50),
    ms(p99),
    ms(loopP99),
    ms(loopMax),
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...cells].map((row) => row[column]?.length ?? 0)));
  return [head, ...cells]
    .map((row) =>
      row
        .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join("  "),
    )
    .join("\n");
}

await main();
