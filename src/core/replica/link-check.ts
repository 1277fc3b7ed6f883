/**
 * Do the links this replica believes in stand, and does it know all that stand? Events tell each change, so the
 * two never differ, unless one was lost or a library failed to tell of it: then a peer would count as linked that
 * is not, and never be dialed again. What differs is repaired, told and counted.
 */
import type { LinkId } from "../../ports/network.ts";
import { stepAdmission } from "./links.ts";
import { type Parts, type Step, tell } from "./parts.ts";

export function checkLinks(standing: readonly LinkId[], parts: Parts, step: Step): void {
  const real = new Set(standing);
  const known = new Set<LinkId>();
  for (const { link } of parts.admission.links()) {
    known.add(link);
    if (real.has(link)) continue;
    tell({ type: "linkMismatch", link, kind: "gone" }, step);
    const reason = "the connection was gone and nobody had told";
    stepAdmission({ type: "linkClosed", link, reason }, parts, step);
  }
  for (const link of standing) {
    if (known.has(link)) continue;
    tell({ type: "linkMismatch", link, kind: "unknown" }, step);
    step.out.push({
      type: "network",
      order: { type: "closeLink", link, code: "other", reason: "nobody knows this link" },
    });
  }
}
