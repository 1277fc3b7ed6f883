/**
 * How ours stands to each other system, figure by figure. A ratio is always "ours is so many times
 * as good", whichever way the figure counts. A cell that was given up is a bound in the other
 * system's favour: its true ratio is at least what is shown.
 */
import { median } from "../statistics.ts";
import type { System } from "./contract.ts";
import type { Cell } from "./works/work.ts";

/** Rows that belong under one heading, in the order in which the headings first come. */
export function byFigure(rows: readonly Row[]): readonly (readonly [heading: string, rows: readonly Row[]])[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const heading = `${row.figure}; ${row.entries.toLocaleString("en-US")} entries`;
    groups.set(heading, [...(groups.get(heading) ?? []), row]);
  }
  return [...groups];
}

export interface Found {
  readonly system: System;
  readonly cells: readonly Cell[];
}

export interface Row {
  readonly figure: string;
  /** How many entries the run was about; rows of different counts are never set beside each other. */
  readonly entries: number;
  readonly unit: string;
  readonly better: "lower" | "higher";
  readonly system: string;
  readonly title: string;
  readonly value: number;
  readonly samples: readonly number[];
  readonly unfinished: string | undefined;
  /** Undefined for ours, and where ours has no such figure. */
  readonly ratio: number | undefined;
  readonly target: number | undefined;
  readonly verdict: "pass" | "short" | "";
}

/** Rows by figure, ours first in each. */
export function compare(found: readonly Found[], entries: number): readonly Row[] {
  const figures = [...new Set(found.flatMap(({ cells }) => cells.map(({ figure }) => figure)))];
  return figures.flatMap((figure) => {
    const own = found.find(({ system }) => system.targets === undefined)?.cells.find((cell) => cell.figure === figure);
    return found.flatMap(({ system, cells }) => {
      const cell = cells.find((each) => each.figure === figure);
      return cell === undefined ? [] : [row(system, cell, own, entries)];
    });
  });
}

function row(system: System, cell: Cell, own: Cell | undefined, entries: number): Row {
  const value = median(cell.samples);
  const target = system.targets?.[cell.kind];
  const compared = target === undefined || own === undefined || own === cell ? undefined : median(own.samples);
  const ratio = compared === undefined ? undefined : cell.better === "higher" ? compared / value : value / compared;
  return {
    figure: cell.figure,
    entries,
    unit: cell.unit,
    better: cell.better,
    system: system.name,
    title: system.title,
    value,
    samples: cell.samples,
    unfinished: cell.unfinished,
    ratio,
    target: ratio === undefined ? undefined : target,
    verdict: ratio === undefined || target === undefined ? "" : ratio >= target ? "pass" : "short",
  };
}
