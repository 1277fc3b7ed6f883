/** What was found of an attack, beside the targets, as a table for people. */
import type { Phase, Plan } from "./phase.ts";

/** Source: decided for the product. */
const targets = { throughputShare: 0.8, loopP99Ms: 100, rssGrewMb: 256, cutMs: 5_000 } as const;
/** A farewell needs its time on a busy machine; what is measured at the attacker has that in it. */
const percentile = 0.99;

export interface Finding {
  readonly kind: string;
  readonly attackers: number;
  readonly seconds: number;
  readonly baselinePerSecond: number;
  readonly perSecond: number;
  readonly throughputShare: number;
  readonly baselineLoopP99Ms: number;
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
  readonly rssGrewMb: number;
  readonly cuts: number;
  readonly cutMedianMs: number;
  readonly cutMs: number;
  readonly uncut: number;
  readonly refused: number;
  readonly sent: number;
  readonly honestBanned: number;
  readonly honestLost: number;
  readonly reasons: Readonly<Record<string, number>>;
  /** Names of the targets that were missed. */
  readonly missed: readonly string[];
}

export function find({ kind, attackers, seconds }: Plan, baseline: Phase, phase: Phase): Finding {
  const { cutAfterMs, uncut, refused, sent } = phase.report;
  const sorted = cutAfterMs.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  const throughputShare = phase.perSecond / baseline.perSecond;
  const cutMs = at(percentile);
  const missed = [
    throughputShare < targets.throughputShare ? "throughput" : "",
    phase.loopP99Ms > targets.loopP99Ms ? "event loop" : "",
    phase.rssGrewMb > targets.rssGrewMb ? "memory" : "",
    cutMs > targets.cutMs || uncut > 0 ? "cut" : "",
    phase.honestBanned > 0 || phase.honestLost > 0 ? "honest peers" : "",
  ].filter((each) => each !== "");
  return {
    kind,
    attackers,
    seconds,
    baselinePerSecond: baseline.perSecond,
    perSecond: phase.perSecond,
    throughputShare,
    baselineLoopP99Ms: baseline.loopP99Ms,
    loopP99Ms: phase.loopP99Ms,
    loopMaxMs: phase.loopMaxMs,
    rssGrewMb: phase.rssGrewMb,
    cuts: sorted.length,
    cutMedianMs: at(0.5),
    cutMs,
    uncut,
    refused,
    sent,
    honestBanned: phase.honestBanned,
    honestLost: phase.honestLost,
    reasons: phase.reasons,
    missed,
  };
}

export function isPass({ missed }: Finding): boolean {
  return missed.length === 0;
}

export function table(findings: readonly Finding[]): string {
  const head = [
    "attack",
    "from",
    "honest/s",
    "of baseline",
    "loop p99",
    "RSS",
    "cut p99",
    "cuts",
    "not cut",
    "refused",
    "sent",
    "honest banned, lost",
    "",
  ];
  const target = ["target", "", "", "≥ 80 %", "≤ 100 ms", "≤ +256 MB", "≤ 5 s", "", "0", "", "", "0, 0", ""];
  const rows = findings.map((each) => [
    each.kind,
    `${each.attackers}`,
    each.perSecond.toFixed(1),
    `${(each.throughputShare * 100).toFixed(0)} %`,
    `${each.loopP99Ms.toFixed(0)} ms (${each.baselineLoopP99Ms.toFixed(0)})`,
    `+${each.rssGrewMb.toFixed(0)} MB`,
    each.cuts === 0 ? "" : `${(each.cutMs / 1_000).toFixed(2)} s`,
    `${each.cuts}`,
    `${each.uncut}`,
    `${each.refused}`,
    `${each.sent}`,
    `${each.honestBanned}, ${each.honestLost}`,
    each.missed.length === 0 ? "pass" : `MISS: ${each.missed.join(", ")}`,
  ]);
  const all = [head, target, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        column === 0 || column === 12 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return all.map(line).join("\n");
}
