/**
 * `npm run bench [-- --only NAME --runs N --size small|full --json --cpu-prof DIR]`
 * and of the item `heal`: `--heal-entries N --heal-news N --cut-seconds N`;
 * `npm run bench -- peers …` compares with other systems (`peers/main.ts`)
 *
 * Measures the product as processes on this machine's loopback and prints what it found beside the
 * targets. It never fails because a figure is slow: exit code 1 means that something could not be
 * measured. How each figure is taken stands at the head of its item; `docs/BENCHMARKS.md` says
 * what limits it.
 */
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Bench, type Item, type Sizes, sizes } from "./figure.ts";
import { Fleet } from "./fleet.ts";
import { bulk } from "./items/bulk.ts";
import { connect } from "./items/connect.ts";
import { crowds } from "./items/crowd.ts";
import { http } from "./items/http.ts";
import { local } from "./items/local.ts";
import { putLatency, putLatency20, putLatency50, putLatencyMany } from "./items/put-latency.ts";
import { heal } from "./items/heal.ts";
import { million } from "./items/million.ts";
import { reconcile } from "./items/reconcile.ts";
import { start } from "./items/start.ts";
import { transport } from "./items/transports.ts";
import { trie } from "./items/trie.ts";
import { load, machine } from "./machine.ts";
import { hottest } from "./profile.ts";
import { comparePeers } from "./peers/main.ts";
import { Progress } from "./progress.ts";
import { type Judged, judge, table } from "./report.ts";

const items: readonly Item[] = [
  start,
  connect,
  crowds,
  putLatency,
  putLatencyMany,
  putLatency20,
  putLatency50,
  bulk,
  local,
  million,
  http,
  reconcile,
  trie,
  heal,
  transport,
];
const hottestShown = 12;

interface Wish {
  readonly items: readonly Item[];
  readonly size: "small" | "full";
  readonly sizes: Sizes;
  readonly runs: number;
  readonly json: boolean;
  readonly profileDir: string | undefined;
}

async function main(): Promise<number> {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
  if (process.argv[2] === "peers") return comparePeers(process.argv.slice(3));
  const wish = readWish();
  if (typeof wish === "string") {
    process.stderr.write(`${wish}\n`);
    return 2;
  }
  const { figures, failures, loads } = await measureAll(wish);
  const about = { machine: machine(), size: wish.size, runs: wish.runs, date: new Date().toISOString(), load: loads };
  if (wish.json) process.stdout.write(`${JSON.stringify({ ...about, figures, failures }, undefined, 2)}\n`);
  else
    process.stdout.write(
      `${describe(about)}\n\n${table(figures)}\n${failures.map((failure) => `\n${failure}`).join("")}`,
    );
  if (wish.profileDir !== undefined) process.stderr.write(`\n${hottest(wish.profileDir, hottestShown).join("\n")}\n`);
  return failures.length === 0 ? 0 : 1;
}

/** What was asked for, or what is wrong with it. */
function readWish(): Wish | string {
  const options = {
    only: { type: "string", multiple: true },
    runs: { type: "string" },
    size: { type: "string" },
    json: { type: "boolean" },
    "cpu-prof": { type: "string" },
    "heal-entries": { type: "string" },
    "heal-news": { type: "string" },
    "cut-seconds": { type: "string" },
  } as const;
  const { values } = parseArgs({ options });
  const { only, size = "full", runs = size === "small" ? "1" : "3", json = false } = values;
  const names = items.map(({ name }) => name);
  const unknown = only?.find((name) => !names.includes(name));
  if (unknown !== undefined) return `there is no item "${unknown}"; there are ${names.join(", ")}`;
  if (size !== "small" && size !== "full") return `--size is small or full, not ${size}`;
  if (!/^[1-9]\d?$/.test(runs)) return `--runs is a number from 1 to 99, not ${runs}`;
  const numbers = (["heal-entries", "heal-news", "cut-seconds"] as const).map((name) => values[name]);
  if (numbers.some((each) => each !== undefined && !/^[1-9]\d{0,6}$/.test(each)))
    return "--heal-entries, --heal-news and --cut-seconds are numbers from 1 to 9999999";
  const [
    healEntries = sizes[size].healEntries,
    healNews = sizes[size].healNews,
    cutSeconds = sizes[size].cutMs / 1_000,
  ] = numbers.map((each) => (each === undefined ? undefined : Number(each)));
  const profileDir = values["cpu-prof"];
  if (profileDir !== undefined) mkdirSync(profileDir, { recursive: true });
  return {
    items: items.filter(({ name }) => only === undefined || only.includes(name)),
    size,
    sizes: { ...sizes[size], healEntries, healNews, cutMs: cutSeconds * 1_000 },
    runs: Number(runs),
    json,
    profileDir,
  };
}

async function measureAll(
  wish: Wish,
): Promise<{ figures: readonly Judged[]; failures: readonly string[]; loads: { before: number; after: number } }> {
  const progress = new Progress();
  const bench: Bench = {
    sizes: wish.sizes,
    runs: wish.runs,
    progress,
    newFleet: (faultPort) => new Fleet(wish.profileDir, faultPort),
  };
  const before = load();
  const figures: Judged[] = [];
  const failures: string[] = [];
  for (const item of wish.items) {
    try {
      figures.push(...(await item.run(bench)).map(judge));
    } catch (error) {
      failures.push(
        `${item.name} could not be measured: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      );
    }
    progress.end();
  }
  return { figures, failures, loads: { before, after: load() } };
}

function describe({
  machine: { cpu, cores, memoryGb, system, node, sqlite, libp2p, disk },
  runs,
  load,
}: {
  machine: ReturnType<typeof machine>;
  runs: number;
  load: { before: number; after: number };
}): string {
  return [
    `${cores} × ${cpu}, ${memoryGb} GB, ${system}, ${disk}`,
    `Node ${node}, SQLite ${sqlite}, libp2p ${libp2p}; median of ${runs} runs, separate processes, loopback; load ${load.before} before, ${load.after} after`,
  ].join("\n");
}

process.exitCode = await main();
