/**
 * JSON lines: one object per line, `{"key","value"}`, with `"encoding":"base64"` where the value is
 * no text, and `"expiresAt"` where it expires. Empty lines are passed over.
 */
import { utf8Decode } from "../../base/bytes.ts";
import { type Line, readLines } from "./lines.ts";
import { type Row, type TransferRecord, recordBytesMax } from "./record.ts";

export function jsonLineOf({ key, value, encoding, expiresAt }: TransferRecord): string {
  const record = {
    key,
    value,
    ...(encoding === "base64" && { encoding }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
  return `${JSON.stringify(record)}\n`;
}

export async function* readJsonLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly Row[]> {
  for await (const lines of readLines(chunks, recordBytesMax)) yield lines.flatMap(rowsOf);
}

function rowsOf(line: Line): readonly Row[] {
  const place = { line: line.number, offset: line.offset };
  if (line.tooLong) return [{ ...place, problem: `the line is over ${recordBytesMax} bytes` }];
  const text = utf8Decode(line.bytes)?.replace(/\r$/, "");
  if (text === undefined) return [{ ...place, problem: "the line is not UTF-8" }];
  return text.trim() === "" ? [] : [{ ...place, ...parsed(text) }];
}

function parsed(text: string): { readonly record: TransferRecord } | { readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: `no JSON: ${(error as Error).message}` };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { problem: "no JSON object" };
  const { key, value: content, encoding = "utf8", expiresAt, ...others } = value as Record<string, unknown>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return { problem: `unknown field ${JSON.stringify(unknown)}` };
  if (typeof key !== "string") return { problem: '"key" is not a text' };
  if (typeof content !== "string") return { problem: '"value" is not a text' };
  if (encoding !== "utf8" && encoding !== "base64") return { problem: '"encoding" is utf8 or base64' };
  if (expiresAt !== undefined && expiresAt !== null && typeof expiresAt !== "string")
    return { problem: '"expiresAt" is not a text' };
  return { record: { key, value: content, encoding, expiresAt: expiresAt ?? undefined } };
}
