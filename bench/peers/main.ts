/**
 * `npm run bench -- peers [--work NAME … --systems a,b --size small|full --entries N --runs N --seconds N --json --keep FILE --svg FILE --from FILE]`
 *
 * `--seconds` is how long one cell may take before it is given up and stands in the table as a bound;
 * `--keep` has a file hold what is found so far, after every cell, as `--json` prints it at the end;
 * `--from` shows what earlier runs printed with `--json`, several if it is given several times.
 *
 * Measures this project beside other systems that share data between machines: the same driver,
 * the same entries, each node a process of its own. The others' packages are installed into this
 * folder at the first use. Prints every figure with the ratio of ours to it; exit code 1 means
 * that something could not be measured, never that a figure is short of its target.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { load, machine } from "../machine.ts";
import { Progress } from "../progress.ts";
import { type Found, type Row, compare } from "./compare.ts";
import type { System } from "./contract.ts";
import { install } from "./install.ts";
import { picture } from "./picture.ts";
import { systems } from "./systems.ts";
import { comparison, policies } from "./table.ts";
import { converge } from "./works/converge.ts";
import { late } from "./works/late.ts";
import { latency } from "./works/latency.ts";
import { local } from "./works/local.ts";
import { store } from "./works/store.ts";
import type { Cell, Scale, Work } from "./works/work.ts";

const works: readonly Work[] = [converge, latency, late, local, store];

const scales: Readonly<Record<"small" | "full", Scale>> = {
  small: { entries: 200, reads: 200, runs: 1, cellMsMax: 60_000 },
  full: { entries: 10_000, reads: 10_000, runs: 3, cellMsMax: 180_000 },
};

interface Wish {
  readonly works: readonly Work[];
  readonly systems: readonly System[];
  readonly scale: Scale;
  readonly json: boolean;
  /** A file for the picture. */
  readonly svg: string | undefined;
  /** A file that has what is found so far, after every cell, as printed with `--json`. */
  readonly keep: string | undefined;
  /** Files with what earlier runs printed with `--json`, which are shown instead of measuring. */
  readonly from: readonly string[];
}

/** What a run found, as printed with `--json`. */
interface Result {
  readonly machine: ReturnType<typeof machine>;
  readonly scale: Scale;
  readonly date: string;
  readonly load: { readonly before: number; readonly after: number };
  readonly rows: readonly Row[];
  readonly failures: readonly string[];
}

/** Measures what the flags ask for; answers with the exit code. */
export async function comparePeers(flags: readonly string[]): Promise<number> {
  const wish = readWish(flags);
  if (typeof wish === "string") {
    process.stderr.write(`${wish}\n`);
    return 2;
  }
  const results =
    wish.from.length === 0
      ? [await measured(wish)]
      : wish.from.map((file) => JSON.parse(readFileSync(file, "utf8")) as Result);
  const rows = results.flatMap((result) => result.rows);
  if (wish.svg !== undefined) writeFileSync(wish.svg, picture(rows));
  const shown = systems.filter(({ name }) => rows.some(({ system }) => system === name));
  process.stdout.write(
    wish.json
      ? asJson(results.length === 1 && results[0] !== undefined ? results[0] : results)
      : [...results.map(about), "", comparison(rows), "", policies(shown), ""].join("\n"),
  );
  const failures = results.flatMap((result) => result.failures);
  process.stderr.write(failures.map((failure) => `${failure}\n`).join(""));
  return failures.length === 0 ? 0 : 1;
}

async function measured(wish: Wish): Promise<Result> {
  await install(wish.systems);
  const before = load();
  const resultOf = ({ found, failures }: Measured): Result => ({
    machine: machine(),
    scale: wish.scale,
    date: new Date().toISOString(),
    load: { before, after: load() },
    rows: compare(found, wish.scale.entries),
    failures,
  });
  const keep = ({ keep: file }: Wish, soFar: Measured): void => {
    if (file !== undefined) writeFileSync(file, asJson(resultOf(soFar)));
  };
  return resultOf(await measureAll(wish, (soFar) => keep(wish, soFar)));
}

function asJson(result: Result | readonly Result[]): string {
  return `${JSON.stringify(result, undefined, 2)}\n`;
}

function about({ machine: { cores, cpu, memoryGb, system, disk, node }, scale, date, load }: Result): string {
  const { entries, runs, cellMsMax } = scale;
  return [
    `${cores} × ${cpu}, ${memoryGb} GB, ${system}, ${disk}, Node ${node}, ${date}`,
    `${entries} entries of 32 + 128 bytes, median of ${runs}, up to ${cellMsMax / 1_000} s a cell, load ${load.before} before, ${load.after} after`,
  ].join("\n");
}

interface Measured {
  readonly found: readonly Found[];
  readonly failures: readonly string[];
}

/** Work by work, all systems one after the other in each, so that they meet the same mood of the machine. */
async function measureAll({ works, systems, scale }: Wish, soFar: (found: Measured) => void): Promise<Measured> {
  const progress = new Progress();
  const found = systems.map((system) => ({ system, cells: [] as Cell[] }));
  const failures: string[] = [];
  for (const work of works)
    for (const { system, cells } of found) {
      try {
        cells.push(...(await work.run(system, scale, progress)));
      } catch (error) {
        failures.push(`${system.title}: ${work.name} could not be measured: ${String(error)}`);
      }
      progress.end();
      soFar({ found, failures });
    }
  return { found, failures };
}

/** What was asked for, or what is wrong with it. */
function readWish(flags: readonly string[]): Wish | string {
  const { values } = parseArgs({
    args: [...flags],
    options: {
      work: { type: "string", multiple: true },
      systems: { type: "string" },
      size: { type: "string" },
      entries: { type: "string" },
      runs: { type: "string" },
      seconds: { type: "string" },
      json: { type: "boolean" },
      svg: { type: "string" },
      keep: { type: "string" },
      from: { type: "string", multiple: true },
    },
  });
  const { work, size = "full", json = false } = values;
  const all = work === undefined || work.includes("all");
  const unknownWork = all ? undefined : work.find((name) => !works.some((each) => each.name === name));
  if (unknownWork !== undefined)
    return `there is no work "${unknownWork}"; there are all, ${works.map(({ name }) => name).join(", ")}`;
  const names = values.systems?.split(",");
  const unknown = names?.find((name) => !systems.some((system) => system.name === name));
  if (unknown !== undefined)
    return `there is no system "${unknown}"; there are ${systems.map(({ name }) => name).join(", ")}`;
  if (size !== "small" && size !== "full") return `--size is small or full, not ${size}`;
  const {
    entries = String(scales[size].entries),
    runs = String(scales[size].runs),
    seconds = String(scales[size].cellMsMax / 1_000),
  } = values;
  if (![entries, runs, seconds].every((text) => /^[1-9]\d{0,6}$/.test(text)))
    return "--entries, --runs and --seconds are numbers from 1 to 9999999";
  return {
    works: works.filter(({ name }) => all || work.includes(name)),
    systems: systems.filter(({ name }) => names === undefined || names.includes(name)),
    scale: { ...scales[size], entries: Number(entries), runs: Number(runs), cellMsMax: Number(seconds) * 1_000 },
    json,
    svg: values.svg,
    keep: values.keep,
    from: values.from ?? [],
  };
}
