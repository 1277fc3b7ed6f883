/**
 * CSV by RFC 4180, with the header `key,value,encoding,expires_at`; a file that comes from
 * elsewhere needs the first two columns only, in any order. Fields in quotes may hold line breaks.
 * Source: RFC 4180 section 2.
 */
import { utf8Decode } from "../../base/bytes.ts";
import { Fault } from "../../base/fault.ts";
import { type Line, readLines } from "./lines.ts";
import { type Row, type TransferRecord, recordBytesMax } from "./record.ts";

const columns = ["key", "value", "encoding", "expires_at"] as const;
export const csvHeader: string = `${columns.join(",")}\r\n`;

export function csvLineOf({ key, value, encoding, expiresAt }: TransferRecord): string {
  return `${[key, value, encoding, expiresAt ?? ""].map(quoted).join(",")}\r\n`;
}

function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/** Throws `invalid_argument` where the first record is no header with `key` and `value`. */
export async function* readCsv(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly Row[]> {
  const reader = new CsvReader();
  for await (const lines of readLines(chunks, recordBytesMax)) yield lines.flatMap((line) => reader.take(line));
  yield reader.end();
}

class CsvReader {
  #header: readonly string[] | undefined;
  /** Lines of a record whose last quote is still open; each is looked at once, for they may be half a million. */
  #open: { readonly line: number; readonly texts: string[]; length: number; offset: number } | undefined;

  take(line: Line): readonly Row[] {
    const text = line.tooLong ? undefined : utf8Decode(line.bytes);
    const began = this.#open ?? { line: line.number, texts: [], length: 0, offset: 0 };
    began.offset = line.offset;
    if (text === undefined || began.length + text.length > recordBytesMax)
      return this.#drop(began, line.tooLong || text !== undefined ? "too long" : "not UTF-8");
    began.texts.push(text);
    began.length += text.length + 1;
    const wasOpen = this.#open !== undefined;
    const isOpen = wasOpen !== (quotesIn(text) % 2 === 1);
    this.#open = isOpen ? began : undefined;
    return isOpen ? [] : this.#record(began.line, line.offset, began.texts.join("\n").replace(/\r$/, ""));
  }

  end(): readonly Row[] {
    return this.#open === undefined ? [] : this.#drop(this.#open, "without the end of a quoted field");
  }

  #drop({ line, offset }: { readonly line: number; readonly offset: number }, what: string): readonly Row[] {
    this.#open = undefined;
    return [{ line, offset, problem: `the record is ${what}` }];
  }

  #record(line: number, offset: number, text: string): readonly Row[] {
    if (text === "") return [];
    const fields = fieldsOf(this.#header === undefined ? text.replace(/^\ufeff/, "") : text);
    if (this.#header === undefined) {
      this.#header = headerOf(fields);
      return [];
    }
    if (fields === undefined) return [{ line, offset, problem: "a quote stands inside a field that is not quoted" }];
    if (fields.length !== this.#header.length)
      return [{ line, offset, problem: `${fields.length} fields, while the header has ${this.#header.length}` }];
    const named = Object.fromEntries(this.#header.map((name, i) => [name, fields[i] ?? ""]));
    const { key = "", value = "", encoding = "", expires_at: expiresAt = "" } = named;
    if (encoding !== "" && encoding !== "utf8" && encoding !== "base64")
      return [{ line, offset, problem: "the encoding is utf8 or base64" }];
    const isBase64 = encoding === "base64";
    const rest = {
      encoding: isBase64 ? "base64" : "utf8",
      expiresAt: expiresAt === "" ? undefined : expiresAt,
    } as const;
    return [{ line, offset, record: { key, value, ...rest } }];
  }
}

function headerOf(fields: readonly string[] | undefined): readonly string[] {
  const known: readonly string[] = columns;
  const isHeader =
    fields?.includes("key") === true &&
    fields.includes("value") &&
    fields.every((name) => known.includes(name)) &&
    new Set(fields).size === fields.length;
  if (isHeader) return fields;
  throw new Fault("invalid_argument", `Line 1: a CSV file begins with the header ${columns.join(",")}.`, { line: 1 });
}

function quotesIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) count += 1;
  return count;
}

/** Undefined where quotes are not as they should be. */
function fieldsOf(text: string): readonly string[] | undefined {
  if (!text.includes('"')) return text.split(",");
  const fields: string[] = [];
  for (let at = 0; at <= text.length;) {
    const [whole = "", inQuotes, plain = ""] = fieldAt(text, at);
    fields.push(inQuotes === undefined ? plain : inQuotes.replaceAll('""', '"'));
    at += whole.length;
    if (at < text.length && text[at] !== ",") return undefined;
    at += 1;
  }
  return fields;
}

function fieldAt(text: string, at: number): readonly (string | undefined)[] {
  const pattern = /"((?:[^"]|"")*)"|([^",]*)/y;
  pattern.lastIndex = at;
  return pattern.exec(text) ?? [];
}
