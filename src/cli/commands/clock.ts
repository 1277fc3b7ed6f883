/**
 * `clock repair`.
 */
import { askJson } from "../http-client.ts";
import { asVerb, jsonLine, type Registry } from "../verb.ts";

/** Writing everything again may take a while on a large store. Guess. */
const repairWaitMs = 600_000;

export function addClock(registry: Registry): void {
  const group = registry.program.command("clock").description("Orders about this node's clock");
  const command = group
    .command("repair")
    .description("Write again what this node wrote while its clock was too far ahead");
  asVerb(command, registry, async ({ target, json, print }) => {
    const answer = await askJson<{ readonly reissued: number }>(target, {
      method: "POST",
      path: "/v1/clock/repair",
      extraWaitMs: repairWaitMs,
    });
    print(json ? jsonLine(answer) : `${answer.reissued} entries written again\n`);
  });
}
