/**
 * A TOML file as a flat list of keys with their values and lines.
 *
 * The parser library does not say where a key stood. Its position is found with the parser
 * itself: the shortest beginning of the file that parses and has the key ends with the statement
 * that defines it. Each look reads the beginning of the file some ten times over, so it is for few
 * questions and files of bounded size.
 */
import { readFileSync, statSync } from "node:fs";
import { parse, TomlError } from "smol-toml";
import { Fault } from "../base/fault.ts";

/** Limit: guess; a file with 256 addresses and every comment has about 30 KiB. */
export const configFileBytesMax = 128 * 1024;

export interface TomlFile {
  readonly path: string;
  /** Dotted key and value; tables are opened up, everything else is as the parser gave it. */
  readonly values: ReadonlyMap<string, unknown>;
  /** Dotted names of all tables, so that an unknown empty section is noticed too. */
  readonly tables: readonly string[];
  /** 1 up. */
  lineOf(key: string): number;
  /** The same for anything that can be seen in what was read so far, as an item of a list of tables. */
  lineWhere(isThere: (parsed: Readonly<Record<string, unknown>>) => boolean): number;
}

export function readTomlFile(path: string): TomlFile {
  return parseToml(path, readText(path));
}

/** Throws `invalid_config` with file and line where the text is not TOML. */
export function parseToml(path: string, text: string): TomlFile {
  const values = new Map<string, unknown>();
  const tables: string[] = [];
  open(parseOrRefuse(path, text), "", values, tables);
  return {
    path,
    values,
    tables,
    lineOf: (key) => findLine(text, (parsed) => has(parsed, key)),
    lineWhere: (isThere) => findLine(text, isThere),
  };
}

function readText(path: string): string {
  try {
    const { size } = statSync(path);
    if (size > configFileBytesMax) {
      throw new Fault(
        "invalid_config",
        `${path} has ${size} bytes; a configuration file has at most ${configFileBytesMax}`,
        { file: path },
      );
    }
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault("invalid_config", `${path} cannot be read: ${(error as Error).message}`, { file: path }, error);
  }
}

function parseOrRefuse(path: string, text: string): Record<string, unknown> {
  try {
    return parse(text, { unsafeKeyBehaviour: "throw", maxDepth: 16 });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split("\n")[0] ?? "";
    throw new Fault("invalid_config", `${path}:${error.line}: ${reason}`, { file: path, line: error.line }, error);
  }
}

function open(table: Record<string, unknown>, prefix: string, values: Map<string, unknown>, tables: string[]): void {
  for (const [name, value] of Object.entries(table)) {
    const key = `${prefix}${name}`;
    if (!isTable(value)) {
      values.set(key, value);
      continue;
    }
    tables.push(key);
    open(value, `${key}.`, values, tables);
  }
}

function isTable(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Keys only come to what was read so far, never go; so the place is found by halves, between a beginning without it and one with it. */
function findLine(text: string, isThere: (parsed: Record<string, unknown>) => boolean): number {
  const lines = text.split(/\r?\n/);
  const parsedTo = (end: number): Record<string, unknown> | undefined => parseBeginning(lines.slice(0, end).join("\n")); // undefined in the middle of a statement of several lines
  const whole = parsedTo(lines.length);
  if (whole === undefined || !isThere(whole)) return lines.length;
  let [without, withIt] = [0, lines.length];
  for (
    let end = nearMiddle(without, withIt, parsedTo);
    end !== undefined;
    end = nearMiddle(without, withIt, parsedTo)
  ) {
    if (isThere(end.parsed)) withIt = end.at;
    else without = end.at;
  }
  return firstWrittenLine(lines, without + 1, withIt);
}

/** The end of a statement between two others, as near to the middle as there is one. */
function nearMiddle(
  from: number,
  to: number,
  parsedTo: (end: number) => Record<string, unknown> | undefined,
): { readonly at: number; readonly parsed: Record<string, unknown> } | undefined {
  const middle = (from + to) >>> 1;
  for (let distance = 0; distance < to - from; distance++) {
    for (const at of [middle - distance, middle + distance + 1]) {
      const parsed = at > from && at < to ? parsedTo(at) : undefined;
      if (parsed !== undefined) return { at, parsed };
    }
  }
  return undefined;
}

function parseBeginning(text: string): Record<string, unknown> | undefined {
  try {
    return parse(text);
  } catch {
    return undefined; // the whole file did parse, so this can only be a cut statement
  }
}

function has(table: Record<string, unknown>, key: string): boolean {
  const values = new Map<string, unknown>();
  const tables: string[] = [];
  open(table, "", values, tables);
  return values.has(key) || tables.includes(key);
}

function firstWrittenLine(lines: readonly string[], from: number, to: number): number {
  for (let line = from; line < to; line++) {
    const written = (lines[line - 1] ?? "").trim();
    if (written !== "" && !written.startsWith("#")) return line;
  }
  return to;
}
