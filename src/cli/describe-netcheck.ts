/** A check of the network as text: the verdict first, then what was looked at. */
import type { NetCheckView } from "../api/netcheck-views.ts";
import { type Paint, printable, table } from "./text.ts";

const words = {
  reachable: "reachable from outside",
  behindNat: "behind NAT",
  unreachable: "not reachable from outside",
  unknown: "not known to be reachable",
};

export function describeNetcheck({ reach, interfaces, checks }: NetCheckView, paint: Paint): string {
  const colour = { reachable: "green", behindNat: "yellow", unreachable: "yellow", unknown: "dim" } as const;
  const told = [`${paint(words[reach.verdict], colour[reach.verdict])}: ${printable(reach.reason)}`];
  if (reach.next !== "") told.push(printable(reach.next));
  const addresses = table(
    ["INTERFACE", "FAMILY", "ADDRESS", "ANNOUNCED"],
    interfaces.map(({ name, family, address, announced }) => [name, `IP${family}`, address, announced ? "yes" : "no"]),
  );
  const looked = table(
    ["CHECK", "STATUS", "WHAT"],
    checks.map(({ name, status, message }) => [
      name,
      paint(status, status === "ok" ? "green" : "yellow"),
      printable(message),
    ]),
  );
  return `${told.join("\n")}\n\n${addresses}\n${looked}`;
}
