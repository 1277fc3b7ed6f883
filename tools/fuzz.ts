/**
 * Feeds every reader of foreign bytes with damaged ones, led by what code they reach:
 * `npm run fuzz -- --target parcel --seconds 60 --seed 7`. `--list` names the targets; `--each`
 * gives each group of them its time, `--jobs` so many at once; `--executions` counts
 * instead, and with both what comes first ends a run; `--keep` writes the corpus that the next run begins with; `--blind` learns nothing from
 * coverage, for comparison. What breaks a target is made small, kept under `test/fuzz/regressions/`
 * and makes the exit code 1; usage errors 2. `--input FILE.hex` runs one input again.
 */
import { parseArgs } from "node:util";
import { saveCorpus } from "./fuzz/corpus.ts";
import { replay } from "./fuzz/replay.ts";
import { describeEnd, describeProgress } from "./fuzz/report.ts";
import { type ListedTarget, loadTargets } from "./fuzz/targets/all.ts";
import { fuzzInThread } from "./fuzz/thread.ts";

interface Options {
  readonly targets: readonly ListedTarget[];
  readonly seconds: number;
  readonly executions: number;
  readonly seed: number;
  readonly jobs: number;
  readonly guided: boolean;
  readonly keep: boolean;
}

const usage =
  "usage: npm run fuzz -- [--target NAME[,NAME…]] [--each] [--seconds S] [--executions N] [--seed N] [--jobs N] [--keep] [--blind]\n" +
  "       npm run fuzz -- --list\n" +
  "       npm run fuzz -- --target NAME --input FILE.hex";

process.exitCode = await main();

async function main(): Promise<number> {
  const targets = await loadTargets();
  const values = readWords();
  if (values === undefined) return wrongUsage("an unknown option");
  if (values.list) return list(targets);
  const names = values.target?.split(",");
  const unknown = names?.find((name) => targets.every((target) => target.name !== name));
  if (unknown !== undefined) return wrongUsage(`there is no target ${unknown}; --list names them`);
  const chosen = targets.filter(({ name }) => names === undefined || names.includes(name));
  if (values.input !== undefined) {
    const [only, ...more] = chosen;
    if (only === undefined || more.length > 0) return wrongUsage("--input needs the --target it is for");
    return await replay(only, values.input);
  }
  const options: Options = {
    targets: chosen,
    seconds: Number(values.seconds ?? (values.executions === undefined ? 10 : Infinity)),
    executions: Number(values.executions ?? Infinity),
    seed: Number(values.seed),
    jobs: Number(values.jobs),
    guided: !values.blind,
    keep: values.keep,
  };
  if (!(options.seconds > 0 && options.executions > 0 && options.jobs >= 1 && Number.isSafeInteger(options.seed)))
    return wrongUsage("seconds, executions and jobs are above 0, and the seed is a whole number");
  return await fuzzAll(options, values.each);
}

function readWords() {
  try {
    return parseArgs({
      options: {
        target: { type: "string" },
        list: { type: "boolean", default: false },
        each: { type: "boolean", default: false },
        seconds: { type: "string" },
        executions: { type: "string" },
        seed: { type: "string", default: "1" },
        jobs: { type: "string", default: "1" },
        keep: { type: "boolean", default: false },
        blind: { type: "boolean", default: false },
        input: { type: "string" },
      },
    }).values;
  } catch {
    return undefined; // the usage says it all
  }
}

function wrongUsage(what: string): number {
  console.error(`fuzz: ${what}\n${usage}`);
  return 2;
}

function list(targets: readonly ListedTarget[]): number {
  for (const { name, group, covers } of targets)
    console.log(`${name.padEnd(30)} ${group.padEnd(12)} ${covers.join(", ")}`);
  return 0;
}

/** With `each`, the targets of a group share the time of one. */
async function fuzzAll(options: Options, each: boolean): Promise<number> {
  const waiting = [...options.targets];
  let failed = false;
  const work = async (): Promise<void> => {
    for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) {
      const { group } = target;
      const share = each ? options.targets.filter((other) => other.group === group).length : 1;
      failed = (await fuzzOne(target, options, options.seconds / share)) || failed;
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, work));
  return failed ? 1 : 0;
}

/** Returns whether the target was broken. */
async function fuzzOne(target: ListedTarget, options: Options, seconds: number): Promise<boolean> {
  const { executions, seed, guided, keep } = options;
  const order = {
    file: target.file,
    target: target.name,
    seed,
    executionsMax: executions,
    secondsMax: seconds,
    guided,
    keep,
  };
  const shows = describeProgress(target.name, { executions, seconds });
  const end = await fuzzInThread(order, shows);
  if (end.type === "done" && end.report.corpus !== undefined) saveCorpus(target.name, end.report.corpus);
  const { text, broken } = describeEnd(target.name, end, seed);
  console.log(text);
  return broken;
}
