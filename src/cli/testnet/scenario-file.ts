/**
 * A scenario: what is done to a testnet, step by step, and what is expected of it. Read from TOML
 * as strictly as a configuration: an unknown key, a second action in a step or a word that cannot
 * be read is a problem with file and line, and all problems are reported at once.
 */
import { Fault } from "../../base/fault.ts";
import type { Problem } from "../../config/problem.ts";
import { readTomlFile, type TomlFile } from "../../config/toml-file.ts";
import { parseSetting } from "./config-files.ts";
import { type Action, actionNames, readAction } from "./scenario-actions.ts";
import { type Expectation, readExpectation } from "./scenario-expectations.ts";
import { isTable, type Table } from "./table-reader.ts";
import { nodesMax } from "./words.ts";

export interface Step {
  /** 1 up. */
  readonly number: number;
  readonly line: number;
  readonly name: string | undefined;
  readonly action: Action | undefined;
  readonly expectations: readonly Expectation[];
}

export interface Scenario {
  readonly file: string;
  readonly name: string;
  readonly nodes: number;
  readonly seed: number;
  /** By key, in words. */
  readonly settings: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

/** Throws `invalid_config` with every problem in its details. */
export function readScenario(path: string): Scenario {
  const file = readTomlFile(path);
  const problems: Problem[] = [];
  const scenario = read(file, problems);
  const [first] = problems;
  if (first === undefined) return scenario;
  const more = problems.length === 1 ? "" : ` (and ${problems.length - 1} more)`;
  throw new Fault("invalid_config", `${first.message}${more}`, { ...first, problems });
}

/** Limit: guess; the longest of ours has a dozen. */
const stepsMax = 100;
/** Limit: guess; nobody mends more at a time, and each takes a look for its line. */
const problemsMax = 20;

const topKeys = ["name", "nodes", "seed", "step"];

function read(file: TomlFile, problems: Problem[]): Scenario {
  const complain = (key: string, complaint: string): void => {
    if (problems.length >= problemsMax) return;
    const line = file.lineOf(key);
    problems.push({ message: `${file.path}:${line}: ${key} ${complaint}`, file: file.path, line, key });
  };
  const settings: Record<string, string> = {};
  for (const [key, value] of file.values) {
    if (topKeys.includes(key)) continue;
    if (key.startsWith("settings.")) takeSetting(key, value, settings, complain);
    else complain(key, `is an unknown key; a scenario has ${topKeys.join(", ")} and [settings]`);
  }
  const nodes = file.values.get("nodes");
  if (typeof nodes !== "number" || !Number.isInteger(nodes) || nodes < 1 || nodes > nodesMax)
    complain("nodes", `must be a whole number from 1 to ${nodesMax}`);
  const seed = file.values.get("seed") ?? 1;
  if (typeof seed !== "number" || !Number.isInteger(seed) || seed < 0) complain("seed", "must be a whole number");
  const name = file.values.get("name") ?? file.path;
  if (typeof name !== "string") complain("name", "must be text");
  const steps = file.values.get("step");
  if (!Array.isArray(steps) || steps.length === 0 || steps.length > stepsMax)
    complain("step", `must be there once to ${stepsMax} times, as [[step]]`);
  return {
    file: file.path,
    name: typeof name === "string" ? name : file.path,
    nodes: Number(nodes),
    seed: Number(seed),
    settings,
    steps: Array.isArray(steps)
      ? steps.slice(0, stepsMax).map((step, place) => readStep(file, step, place, problems))
      : [],
  };
}

function takeSetting(
  key: string,
  value: unknown,
  settings: Record<string, string>,
  complain: (key: string, complaint: string) => void,
): void {
  const words = Array.isArray(value) ? value.join(",") : String(value);
  try {
    const [name, text] = parseSetting(`${key.slice("settings.".length)}=${words}`);
    settings[name] = text;
  } catch (error) {
    complain(key, `is refused: ${(error as Error).message}`);
  }
}

function readStep(file: TomlFile, step: unknown, place: number, problems: Problem[]): Step {
  const lineOf = (key?: string): number => file.lineWhere((parsed) => hasInStep(parsed, place, key));
  const complain = (key: string, complaint: string): void => {
    if (problems.length >= problemsMax) return;
    const line = lineOf(key === "step" ? undefined : key);
    problems.push({
      message: `${file.path}:${line}: step ${place + 1}: ${key} ${complaint}`,
      file: file.path,
      line,
      key,
    });
  };
  const attempt = <T>(key: string, act: () => T): T | undefined => {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      complain(key, `is refused: ${error.message}`);
      return undefined;
    }
  };
  const table: Table = isTable(step) ? step : {};
  for (const key of Object.keys(table)) {
    if (key !== "name" && key !== "expect" && !actionNames.includes(key))
      complain(key, `is an unknown key; a step has name, expect, and one of ${actionNames.join(", ")}`);
  }
  const actions = Object.keys(table).filter((key) => actionNames.includes(key));
  const [action, second] = actions;
  if (second !== undefined) complain(second, `is a second action beside ${action}; give it a step of its own`);
  const { name, expect = [] } = table;
  if (name !== undefined && typeof name !== "string") complain("name", "must be text");
  if (Object.keys(table).every((key) => key === "name")) complain("step", "does nothing and expects nothing");
  const expected = (Array.isArray(expect) ? expect : [expect]).map((each) =>
    attempt("expect", () => readExpectation(each)),
  );
  return {
    number: place + 1,
    line: lineOf(),
    name: typeof name === "string" ? name : undefined,
    action: action === undefined ? undefined : attempt(action, () => readAction(action, table[action])),
    expectations: expected.filter((each) => each !== undefined),
  };
}

/** Whether the beginning of the file that was parsed has the step at this place, and in it this key. */
function hasInStep(parsed: Readonly<Record<string, unknown>>, place: number, key: string | undefined): boolean {
  const steps = parsed["step"];
  const step: unknown = Array.isArray(steps) ? steps[place] : undefined;
  return isTable(step) && (key === undefined || key in step);
}
