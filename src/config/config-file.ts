/**
 * The settings in one TOML file, checked key by key.
 */
import { checkValue } from "./check-value.ts";
import { addProblem, type Problem } from "./problem.ts";
import type { SettingValue } from "./setting-types.ts";
import { settingNames, settingOf, type SettingName } from "./settings.ts";
import { readTomlFile, type TomlFile } from "./toml-file.ts";

export interface FileValues {
  readonly path: string;
  readonly values: ReadonlyMap<SettingName, SettingValue>;
  lineOf(key: string): number;
}

/** Limit: guess; nobody mends more at a time, and each takes a look for its line. */
const problemsMax = 20;

const nameOfKey: ReadonlyMap<string, SettingName> = new Map(settingNames.map((name) => [settingOf(name).key, name]));
const sections: ReadonlySet<string> = new Set(settingNames.map((name) => sectionOf(settingOf(name).key)));

/** Throws `invalid_config` for what is no TOML at all; everything else is added to `problems`. */
export function readConfigFile(path: string, problems: Problem[]): FileValues {
  const file = readTomlFile(path);
  const values = new Map<SettingName, SettingValue>();
  for (const table of file.tables) {
    if (problems.length >= problemsMax) break;
    if (!sections.has(table))
      addProblem(
        problems,
        placeOf(file, table),
        nameOfKey.has(table)
          ? "is a setting, not a section"
          : `is an unknown section${suggestion(table, [...sections])}`,
      );
  }
  for (const [key, value] of file.values) {
    if (problems.length >= problemsMax) break;
    const name = nameOfKey.get(key);
    if (name !== undefined) take(file, name, value, values, problems);
    else if (sections.has(key)) addProblem(problems, placeOf(file, key), "is a section, not a setting");
    else if (sections.has(sectionOf(key)))
      addProblem(problems, placeOf(file, key), `is an unknown key${suggestion(key, [...nameOfKey.keys()])}`);
  }
  return { path, values, lineOf: (key) => file.lineOf(key) };
}

/** "" for a key at the top of the file. */
export function sectionOf(key: string): string {
  return key.slice(0, Math.max(0, key.lastIndexOf(".")));
}

function take(
  file: TomlFile,
  name: SettingName,
  value: unknown,
  values: Map<SettingName, SettingValue>,
  problems: Problem[],
): void {
  const checked = checkValue(settingOf(name), value);
  if (checked.ok) values.set(name, checked.value);
  else addProblem(problems, placeOf(file, settingOf(name).key), checked.complaint);
}

function placeOf(file: TomlFile, key: string): { file: string; line: number; key: string } {
  return { file: file.path, line: file.lineOf(key), key };
}

function suggestion(wrong: string, known: readonly string[]): string {
  const near = known.filter((name) => name !== "" && editDistance(wrong, name) <= 2);
  const sameEnding = known.filter((name) => name.split(".").at(-1) === wrong.split(".").at(-1));
  const best = near[0] ?? sameEnding[0];
  return best === undefined ? "" : `; did you mean ${best}?`;
}

/** Levenshtein distance; both words are short. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
