/**
 * A time of seconds and more, as 90, 90s, 30m, 12h or 7d.
 */
import { Fault } from "../base/fault.ts";

/** Seconds of each unit. */
const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Throws `invalid_argument` with the name of what the words were given for. */
export function secondsOf(words: string, field: string): number {
  const [, digits, unit = "s"] = /^([1-9]\d{0,9})(s|m|h|d)?$/.exec(words) ?? [];
  if (digits !== undefined) return Number(digits) * (units[unit] ?? 1);
  throw new Fault("invalid_argument", `${field} is a time such as 90s, 30m, 12h or 7d, not ${words}.`, { field });
}
