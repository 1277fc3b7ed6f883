/** What became of each changed setting, as a table. */
import type { SettingChange } from "../node/facade.ts";
import { printable, shorten, table } from "./text.ts";

const words: Readonly<Record<SettingChange["outcome"], string>> = {
  applied: "in effect now",
  restart: "needs a restart",
  refused: "refused",
};

export type ShownChange = Pick<SettingChange, "key" | "outcome"> & {
  readonly from: unknown;
  readonly to: unknown;
  readonly reason?: string | null | undefined;
};

export function describeReload(changes: readonly ShownChange[]): string {
  if (changes.length === 0) return "nothing has changed\n";
  const shown = (value: unknown): string => shorten(printable(JSON.stringify(value)), 40);
  return `\n${table(
    ["KEY", "FROM", "TO", "OUTCOME"],
    changes.map(({ key, from, to, outcome, reason }) => [
      key,
      shown(from),
      shown(to),
      typeof reason === "string" ? `${words[outcome]}: ${printable(reason)}` : words[outcome],
    ]),
  )}`;
}
