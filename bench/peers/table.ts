/** The comparison for a terminal: per figure a bar per system, and what each system promises. */
import type { System } from "./contract.ts";
import { type Row, byFigure } from "./compare.ts";

const barCells = 30;
const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

export function comparison(rows: readonly Row[]): string {
  return byFigure(rows)
    .map(([heading, own]) => {
      const most = Math.max(...own.map(({ value }) => value));
      return [`${heading} (${own[0]?.better === "lower" ? "less" : "more"} is better)`, ...lines(own, most)].join("\n");
    })
    .join("\n\n");
}

function lines(rows: readonly Row[], most: number): readonly string[] {
  return aligned(
    rows.map((row) => [
      `  ${row.title}`,
      bar(row.value / most).padEnd(barCells),
      amount(row.value, row.unit),
      row.ratio === undefined ? "" : `${row.unfinished === undefined ? "" : "≥ "}${times(row.ratio)} ×`,
      row.target === undefined ? "" : `${row.verdict}, wants ${times(row.target)} ×`,
      row.unfinished ?? "",
    ]),
    [2, 3],
  );
}

/** What the systems do and do not do, without which no figure may be read. */
export function policies(systems: readonly System[]): string {
  return aligned(
    [
      ["", "on disk when acknowledged", "signatures", "writers", "transport", "versions"],
      ...systems.map(({ title, policy, versions }) => [
        title,
        policy.fsync,
        policy.signatures,
        policy.writers,
        policy.transport,
        versions,
      ]),
    ],
    [],
  ).join("\n");
}

function aligned(rows: readonly (readonly string[])[], right: readonly number[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        right.includes(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
}

function bar(share: number): string {
  const cells = Math.max(0, share) * barCells;
  const whole = Math.floor(cells);
  return "█".repeat(whole) + (eighths[Math.floor((cells - whole) * 8)] ?? "") || "▏";
}

export function amount(value: number, unit: string): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })} ${unit}`;
}

export function times(ratio: number): string {
  return ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(1);
}
