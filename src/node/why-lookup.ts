/** What there is to tell of the search for a peer that the user named by its id alone. */
import type { Instant, PeerId } from "../base/brand.ts";
import type { WantedSnapshot } from "../core/peers/routing/machine.ts";
import type { ExplanationFact } from "./facade.ts";

/** Members named of those that were asked. */
const namedMax = 4;

/** Whom this target means of those looked for, where it means one. */
export function wantedBy(target: string, wanted: readonly WantedSnapshot[]): WantedSnapshot | undefined {
  const meant = target.startsWith("/") ? [] : wanted.filter(({ peer }) => peer.startsWith(target));
  return meant.length === 1 ? meant[0] : undefined;
}

/** Without any word of it but that of the search. */
export function lookupWords({ state, answered, failed, lookups, inMs }: WantedSnapshot): {
  readonly cause: string;
  readonly conclusion: string;
  readonly next: string;
} {
  if (state === "looking")
    return {
      cause: "looking",
      conclusion: `It is looked for: ${members(answered.length)} answered so far.`,
      next: "Ask again in a moment.",
    };
  const again = inMs === 0 ? "as soon as a member is linked" : `in ${Math.ceil(inMs / 1_000)} s`;
  if (answered.length + failed === 0)
    return {
      cause: "notFound",
      conclusion: "It is looked for by its id, but no member is linked that could be asked.",
      next: `It is looked for ${again}. Link any member first: p2p-sync peer dial ADDRESS`,
    };
  return {
    cause: "notFound",
    conclusion: `It was looked for ${lookups === 1 ? "once" : `${lookups} times`}, and no member that was asked knows where it is.`,
    next: `It is looked for again ${again}. Is it started, in this network, and linked with anybody? Is the id right?`,
  };
}

export function lookupFacts(wanted: WantedSnapshot | undefined, now: Instant): readonly ExplanationFact[] {
  if (wanted === undefined) return [];
  const { startedAt, answered, failed, found, lookups } = wanted;
  if (startedAt === undefined) return [{ name: "lookup", text: "wanted by its id; not looked for yet" }];
  const ago = Math.max(0, Math.ceil((now - startedAt) / 1_000));
  const silent = failed === 0 ? "" : `, ${failed} could not be asked or did not answer`;
  const facts = [
    { name: "lookup", text: `${lookups} so far, the last begun ${ago} s ago: ${named(answered)} answered${silent}` },
  ];
  for (const { address, toldBy } of found) facts.push({ name: "found", text: `${address}, told by ${toldBy}` });
  return facts;
}

function named(peers: readonly PeerId[]): string {
  if (peers.length === 0) return "nobody";
  const more = peers.length > namedMax ? ` and ${peers.length - namedMax} more` : "";
  return `${peers.slice(0, namedMax).join(", ")}${more}`;
}

function members(count: number): string {
  return count === 1 ? "1 member" : `${count} members`;
}
