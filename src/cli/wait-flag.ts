/**
 * `--wait TIME`, as 30s, 500ms or 2m.
 */
import { Fault } from "../base/fault.ts";

/** Longest `--wait`, in ms. Source: the API's bound. */
const waitMsMax = 600_000;
/** Milliseconds of each unit. */
const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

/** Throws `invalid_argument`. */
export function waitMsOf(words: string | undefined, withoutMs: number): number {
  if (words === undefined) return withoutMs;
  const [, digits = "", unit = "s"] = /^(\d{1,9})(ms|s|m)?$/.exec(words) ?? [];
  const ms = digits === "" ? NaN : Number(digits) * (units[unit] ?? NaN);
  if (ms <= waitMsMax) return ms;
  throw new Fault("invalid_argument", `--wait is a time such as 30s, 500ms or 2m, at most 10m, not ${words}.`, {
    field: "wait",
  });
}
