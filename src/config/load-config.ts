/**
 * Makes one checked, frozen configuration out of four sources: flag over environment over file
 * over default. Every source is checked completely, so that a bad line is found even where a flag
 * overrides it; all problems are reported at once.
 *
 * Throws `invalid_config`; its details carry `problems`, each with a message that names the place.
 */
import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Fault } from "../base/fault.ts";
import { checkWords, type Checked } from "./check-value.ts";
import { readConfigFile, type FileValues } from "./config-file.ts";
import { contradictions } from "./contradictions.ts";
import { absolutePath, type Surroundings } from "./data-dir.ts";
import { addProblem, type Problem } from "./problem.ts";
import type { SettingValue } from "./setting-types.ts";
import { environmentNameOf, flagNameOf, settingNames, settingOf, type Config, type SettingName } from "./settings.ts";

export interface ConfigSources extends Surroundings {
  /** Words of flags, already told apart by setting; a repeated flag is a list of words. */
  readonly flags: Readonly<Partial<Record<SettingName, string | readonly string[] | boolean>>>;
  /** `--config FILE`. */
  readonly file?: string | undefined;
}

export type Origin =
  | { readonly type: "flag"; readonly name: string }
  | { readonly type: "environment"; readonly name: string }
  | { readonly type: "file"; readonly path: string }
  | { readonly type: "default" };

export interface LoadedConfig {
  readonly config: Config;
  readonly origins: Readonly<Record<SettingName, Origin>>;
  /** The file that was read, if any. */
  readonly file: string | undefined;
  /** What is odd but does not stop a node: environment variables that look like settings and are none. */
  readonly warnings: readonly string[];
}

interface Given {
  readonly value: SettingValue;
  readonly origin: Origin;
}
type GivenValues = Map<SettingName, Given>;

export function loadConfig(sources: ConfigSources): LoadedConfig {
  const problems: Problem[] = [];
  const flags = fromFlags(sources, problems);
  const environment = fromEnvironment(sources, problems);
  const { file, values } = fromFile(sources, [flags, environment], problems);
  refuseTestFaults(sources, [flags, environment, values], problems);
  if (problems.length > 0) throw faultOf(problems);
  const origins = {} as Record<SettingName, Origin>;
  const config = {} as Record<SettingName, SettingValue>;
  for (const name of settingNames) {
    const given = flags.get(name) ??
      environment.get(name) ??
      values.get(name) ?? { value: settingOf(name).default, origin: { type: "default" } };
    config[name] = given.value;
    origins[name] = given.origin;
  }
  config.dataDir = absolutePath(config.dataDir as string, sources.workingDir, sources);
  config.logFile = pathOf(config.logFile as string, origins.logFile, sources);
  if (config.p2pFamily === "v6only" && origins.httpHost.type === "default") config.httpHost = "::1";
  const checked = Object.freeze(config) as unknown as Config;
  problems.push(...contradictions(checked));
  if (problems.length > 0) throw faultOf(problems);
  return { config: checked, origins, file, warnings: unknownVariables(sources.environment) };
}

/** A path in a file is relative to the file, any other to where the program was started. */
function pathOf(path: string, origin: Origin, sources: ConfigSources): string {
  if (path === "") return "";
  return absolutePath(path, origin.type === "file" ? dirname(origin.path) : sources.workingDir, sources);
}

function fromFlags(sources: ConfigSources, problems: Problem[]): GivenValues {
  const given: GivenValues = new Map();
  for (const name of settingNames) {
    const words = sources.flags[name];
    const flag = flagNameOf(settingOf(name));
    if (words === undefined || flag === undefined) continue;
    const origin: Origin = { type: "flag", name: flag };
    if (name === "networkName" && isNetworkFile(String(words), sources.workingDir)) {
      readNetworkFile(resolve(sources.workingDir, String(words)), origin, given, problems);
    } else {
      keep(
        name,
        typeof words === "boolean" ? { ok: true, value: words } : checkWords(settingOf(name), String(words)),
        origin,
        given,
        problems,
      );
    }
  }
  return given;
}

function fromEnvironment(sources: ConfigSources, problems: Problem[]): GivenValues {
  const given: GivenValues = new Map();
  for (const name of settingNames) {
    const variable = environmentNameOf(settingOf(name));
    const words = sources.environment[variable];
    if (words !== undefined)
      keep(name, checkWords(settingOf(name), words), { type: "environment", name: variable }, given, problems);
  }
  return given;
}

/** The file named by the user, else `config.toml` in the data folder if there is one. */
function fromFile(
  sources: ConfigSources,
  stronger: readonly GivenValues[],
  problems: Problem[],
): { readonly file: string | undefined; readonly values: GivenValues } {
  const named = sources.file ?? sources.environment["P2P_SYNC_CONFIG"];
  const words = stronger
    .map((values) => values.get("dataDir")?.value as string | undefined)
    .find((value) => value !== undefined);
  const dataDir = absolutePath(words ?? "", sources.workingDir, sources);
  const file = named === undefined ? join(dataDir, "config.toml") : resolve(sources.workingDir, named);
  if (named === undefined && !existsSync(file)) return { file: undefined, values: new Map() };
  const read = readConfigFile(file, problems);
  const values: GivenValues = new Map(
    [...read.values].map(([name, value]) => [name, { value, origin: { type: "file", path: file } }]),
  );
  settleDataDir(read, values, named === undefined ? dataDir : undefined, sources, problems);
  return { file, values };
}

/** A data folder in a file is relative to the file; a file inside a data folder cannot name another. */
function settleDataDir(
  read: FileValues,
  values: GivenValues,
  inside: string | undefined,
  sources: ConfigSources,
  problems: Problem[],
): void {
  const given = values.get("dataDir");
  if (given === undefined || given.value === "") return;
  const value = absolutePath(given.value as string, dirname(read.path), sources);
  if (inside !== undefined && value !== inside) {
    addProblem(
      problems,
      { file: read.path, line: read.lineOf("data_dir"), key: "data_dir" },
      `names another folder than the one it lies in, ${inside}; use --config with this file instead`,
    );
  }
  values.set("dataDir", { value, origin: given.origin });
}

function readNetworkFile(path: string, origin: Origin, given: GivenValues, problems: Problem[]): void {
  const read = readConfigFile(path, problems);
  const ofNetwork = [...read.values].filter(([name]) => settingOf(name).group === "network");
  if (ofNetwork.length === 0)
    problems.push({ message: `${path}: a file given to --network needs a [network] section with a name`, file: path });
  for (const [name, value] of ofNetwork) given.set(name, { value, origin });
}

function isNetworkFile(words: string, workingDir: string): boolean {
  if (words.endsWith(".toml") || words.includes("/")) return true;
  return statSync(resolve(workingDir, words), { throwIfNoEntry: false })?.isFile() ?? false;
}

function refuseTestFaults(sources: ConfigSources, all: readonly GivenValues[], problems: Problem[]): void {
  if (sources.environment["P2P_SYNC_TEST_FAULTS"] === "1") return;
  for (const name of settingNames) {
    const setting = settingOf(name);
    if (setting.hidden === true && all.some((values) => values.has(name))) {
      problems.push({ message: `${setting.key} breaks the node on purpose and is for tests only`, key: setting.key });
    }
  }
}

function keep(
  name: SettingName,
  checked: Checked,
  origin: { readonly name: string } & Origin,
  given: GivenValues,
  problems: Problem[],
): void {
  if (checked.ok) given.set(name, { value: checked.value, origin });
  else problems.push({ message: `${origin.name} ${checked.complaint}`, key: settingOf(name).key });
}

const otherVariables: readonly string[] = ["P2P_SYNC_CONFIG", "P2P_SYNC_API", "P2P_SYNC_TOKEN", "P2P_SYNC_TEST_FAULTS"];

/** Only warned about: container hosts set variables named after a service on their own. */
function unknownVariables(environment: ConfigSources["environment"]): string[] {
  const known = new Set([...otherVariables, ...settingNames.map((name) => environmentNameOf(settingOf(name)))]);
  const unknown = Object.keys(environment).filter((name) => name.startsWith("P2P_SYNC_") && !known.has(name));
  return unknown.sort().map((name) => `the environment variable ${name} is no setting and has no effect`);
}

function faultOf(problems: readonly Problem[]): Fault {
  const first = problems[0]?.message ?? "";
  const more = problems.length === 1 ? "" : ` (and ${problems.length - 1} more; p2p-sync config check shows all)`;
  return new Fault("invalid_config", `${first}${more}`, { ...problems[0], problems });
}
