/**
 * Text for terminals: aligned tables, colours only where they are wanted, and nothing from
 * outside that could steer the terminal.
 */
import type { Shell } from "./shell.ts";

/** Columns as wide as their widest cell, two spaces apart, no space at line ends. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => widthOf(row[column] ?? ""))));
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - widthOf(cell)))
      .join("  ")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n`;
}

/** Name and value, one pair a line; a list as value goes on below itself. */
export function pairs(rows: readonly (readonly [string, string | readonly string[]])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows
    .map(([name, value]) => `${name.padEnd(width)}${[value].flat().join(`\n${" ".repeat(width)}`)}\n`)
    .join("");
}

/** Control characters, and those that reverse the writing direction, as escapes. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (character) => {
    if (character === "\n") return "\\n";
    if (character === "\t") return "\\t";
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

export function shorten(text: string, lengthMax: number): string {
  const characters = [...text];
  return characters.length <= lengthMax ? text : `${characters.slice(0, lengthMax - 1).join("")}…`;
}

const previewLengthMax = 60;

/** A value as one cell of a table. */
export function preview(value: string, encoding: string): string {
  if (encoding === "base64") return `<${Buffer.from(value, "base64").length} bytes>`;
  return shorten(printable(value), previewLengthMax);
}

export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3_600)} h`;
}

export type Colour = "green" | "yellow" | "red" | "dim";
const codes: Readonly<Record<Colour, string>> = { green: "32", yellow: "33", red: "31", dim: "2" }; // Source: ECMA-48 section 8.3.117

export type Paint = (text: string, colour: Colour) => string;

/** Colours for standard output. Source: https://no-color.org */
export function painter({ stdout, environment }: Pick<Shell, "stdout" | "environment">): Paint {
  const noColor = environment["NO_COLOR"] ?? "";
  const coloured = stdout.isTTY === true && noColor === "" && environment["TERM"] !== "dumb";
  return coloured ? (text, colour) => `\u001b[${codes[colour]}m${text}\u001b[0m` : (text) => text;
}

function widthOf(cell: string): number {
  return [...cell.replace(/\u001b\[[0-9;]*m/g, "")].length;
}
