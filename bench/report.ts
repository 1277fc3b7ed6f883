/**
 * Figures as people and programs read them: an aligned table with a bar per figure, and JSON.
 *
 * A bar shows how a figure stands to its target: ten cells are the target itself. Where less is
 * better a short bar is good, where more is better a long one.
 */
import type { Figure } from "./figure.ts";
import { median } from "./statistics.ts";

const barCells = 10;
const barCellsMax = 20;

export interface Judged {
  readonly name: string;
  readonly unit: string;
  readonly better: "lower" | "higher";
  readonly measured: number;
  readonly samples: readonly number[];
  readonly target?: number;
  /** How far past the target, as a share of it; negative when it is met with room to spare. */
  readonly missedBy?: number;
  readonly verdict: "pass" | "miss" | "told";
}

export function judge({ name, unit, better, samples, target }: Figure): Judged {
  const measured = median(samples);
  if (target === undefined) return { name, unit, better, measured, samples, verdict: "told" };
  const missedBy = target === 0 ? measured : better === "lower" ? measured / target - 1 : 1 - measured / target;
  return { name, unit, better, measured, samples, target, missedBy, verdict: missedBy <= 0 ? "pass" : "miss" };
}

/** One line per figure. */
export function table(figures: readonly Judged[]): string {
  const rows = figures.map((figure) => [
    figure.name,
    amount(figure.measured, figure.unit),
    spread(figure),
    targetText(figure),
    gapText(figure),
    verdictText(figure),
    bar(figure),
  ]);
  const head = ["", "median", "runs from … to", "target", "gap", "", `0 ${"·".repeat(barCells - 4)} 1 × target`];
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        column === 0 || column >= 5 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return [line(head), ...rows.map(line)].join("\n");
}

function amount(value: number, unit: string): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })} ${unit}`;
}

function spread({ samples, unit }: Judged): string {
  const plain = (value: number): string => amount(value, unit).slice(0, -unit.length - 1);
  return `${plain(Math.min(...samples))} … ${plain(Math.max(...samples))}`;
}

function targetText({ target, better, unit }: Judged): string {
  return target === undefined ? "" : `${better === "lower" ? "≤" : "≥"} ${amount(target, unit)}`;
}

function gapText({ missedBy }: Judged): string {
  if (missedBy === undefined) return "";
  const percent = Math.round(Math.abs(missedBy) * 100);
  return missedBy <= 0 ? `${percent} % better` : `${percent} % short`;
}

function verdictText({ verdict }: Judged): string {
  return verdict === "told" ? "" : verdict;
}

function bar({ measured, target }: Judged): string {
  if (target === undefined) return "";
  const cells = Math.max(1, Math.round((measured / (target === 0 ? 1 : target)) * barCells));
  return cells > barCellsMax ? `${"█".repeat(barCellsMax - 1)}▶` : "█".repeat(cells);
}
