/** What became of each setting that changed, as JSON. */
import { z } from "zod";
import type { SettingChange } from "../node/facade.ts";

const value = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);

export const reloadSchema = z.object({
  changes: z.array(
    z.object({
      key: z.string(),
      from: value,
      to: value,
      outcome: z.enum(["applied", "restart", "refused"]).describe("In effect now, after a restart, or not at all"),
      reason: z.string().nullable().describe("Why it was refused"),
    }),
  ),
});
export type ReloadView = z.infer<typeof reloadSchema>;

export function reloadView(changes: readonly SettingChange[]): ReloadView {
  const plain = (each: SettingChange["from"]): string | number | boolean | string[] =>
    typeof each === "object" ? [...each] : each;
  return {
    changes: changes.map(({ key, from, to, outcome, reason }) => ({
      key,
      from: plain(from),
      to: plain(to),
      outcome,
      reason: reason ?? null,
    })),
  };
}
