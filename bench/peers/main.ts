/**
 * `npm run bench -- peers [--work NAME … --systems a,b --size small|full --entries N --runs N --json]`
 *
 * Measures this project beside other systems that share data between machines: the same driver,
 * the same entries, each node a process of its own. The others' packages are installed into this
 * folder at the first use. Prints every figure with the ratio of ours to it; exit code 1 means
 * that something could not be measured, never that a figure is short of its target.
 */
import { parseArgs } from "node:util";
import { load, machine } from "../machine.ts";
import { Progress } from "../progress.ts";
import { type Found, compare } from "./compare.ts";
import type { System } from "./contract.ts";
import { install } from "./install.ts";
import { systems } from "./systems.ts";
import { comparison, policies } from "./table.ts";
import { converge } from "./works/converge.ts";
import type { Scale, Work } from "./works/work.ts";

const works: readonly Work[] = [converge];

const scales: Readonly<Record<"small" | "full", Scale>> = {
  small: { entries: 200, runs: 1, cellMsMax: 60_000 },
  full: { entries: 10_000, runs: 3, cellMsMax: 180_000 },
};

interface Wish {
  readonly works: readonly Work[];
  readonly systems: readonly System[];
  readonly scale: Scale;
  readonly json: boolean;
}

/** Measures what the flags ask for; answers with the exit code. */
export async function comparePeers(flags: readonly string[]): Promise<number> {
  const wish = readWish(flags);
  if (typeof wish === "string") {
    process.stderr.write(`${wish}\n`);
    return 2;
  }
  await install(wish.systems);
  const before = load();
  const { found, failures } = await measureAll(wish);
  const about = {
    machine: machine(),
    scale: wish.scale,
    date: new Date().toISOString(),
    load: { before, after: load() },
  };
  const rows = compare(found);
  if (wish.json) process.stdout.write(`${JSON.stringify({ ...about, rows, failures }, undefined, 2)}\n`);
  else {
    const { cores, cpu, memoryGb, system, disk, node } = about.machine;
    process.stdout.write(
      [
        `${cores} × ${cpu}, ${memoryGb} GB, ${system}, ${disk}, Node ${node}`,
        `${wish.scale.entries} entries of 32 + 128 bytes, median of ${wish.scale.runs}, load ${before} before, ${about.load.after} after`,
        "",
        comparison(rows),
        "",
        policies(wish.systems),
        ...failures,
        "",
      ].join("\n"),
    );
  }
  return failures.length === 0 ? 0 : 1;
}

async function measureAll({ works, systems, scale }: Wish): Promise<{ found: Found[]; failures: string[] }> {
  const progress = new Progress();
  const found: Found[] = [];
  const failures: string[] = [];
  for (const system of systems) {
    const cells = [];
    for (const work of works) {
      try {
        cells.push(...(await work.run(system, scale, progress)));
      } catch (error) {
        failures.push(`${system.title}: ${work.name} could not be measured: ${String(error)}`);
      }
      progress.end();
    }
    found.push({ system, cells });
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
      json: { type: "boolean" },
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
  const { entries = String(scales[size].entries), runs = String(scales[size].runs) } = values;
  if (![entries, runs].every((text) => /^[1-9]\d{0,6}$/.test(text)))
    return "--entries and --runs are numbers from 1 to 9999999";
  return {
    works: works.filter(({ name }) => all || work.includes(name)),
    systems: systems.filter(({ name }) => names === undefined || names.includes(name)),
    scale: { ...scales[size], entries: Number(entries), runs: Number(runs) },
    json,
  };
}
