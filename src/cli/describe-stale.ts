/**
 * Old entries as text: how long this node was away and what that means, from whom it is apart, what
 * was set aside, and the next step of each.
 */
import type { AsideView, StaleView } from "../api/stale-views.ts";
import { duration, pairs, printable, table, type Paint } from "./text.ts";

const colours = { young: "yellow", current: "green", stale: "red" } as const;

/** `now` is in ms since 1970. */
export function describeStale(view: StaleView, now: number, paint: Paint): string {
  const { what, means, next } = wordsOf(view, now);
  const age = pairs([
    ["age", `${paint(view.age, colours[view.age])}: ${what}`],
    ["means", means],
    ["next", next],
  ]);
  return `${age}${apartText(view)}${adoptionText(view)}\n${asideText(view)}`;
}

/** Whether there is something to know or to decide. A node that is only new needs nothing. */
export function isInOrder({ age, apart, setAside }: StaleView): boolean {
  return age !== "stale" && apart.length === 0 && setAside === 0;
}

interface AgeWords {
  readonly what: string;
  readonly means: string;
  readonly next: string;
}

function wordsOf(view: StaleView, now: number): AgeWords {
  if (view.age === "stale") return staleWords(view, now);
  if (view.age === "young")
    return {
      what: "it has not had all of a current member's set yet",
      means: "it takes old entries from everybody, and forgets none",
      next:
        view.peers === 0
          ? "link it with a member: p2p-sync peer dial ADDRESS"
          : "nothing to do: that ends once it had all of a current member's set; in a new network, after half a horizon",
    };
  return {
    what: `it last had all of another member's set ${agoOf(view.reconciledAt, now)}`,
    means: "it takes no old entries from others, for they may be of keys that were deleted",
    next: `meeting no member, it is stale from ${view.staleAt ?? "an unknown time"} on`,
  };
}

function staleWords({ reconciledAt, createdAt, horizonDays, peers }: StaleView, now: number): AgeWords {
  const what =
    reconciledAt === null
      ? `it never had all of another member's set, and was made ${agoOf(createdAt, now)}`
      : `it last had all of another member's set ${agoOf(reconciledAt, now)}; half the horizon is ${horizonDays / 2} d`;
  return {
    what,
    means: "others may have deleted for good what it still holds",
    next:
      peers === 0
        ? "link a member that was not away (p2p-sync peer dial ADDRESS): what that one has not, of old entries, is set aside here"
        : "it follows the first current member it is compared with; where nobody is current, say who counts: p2p-sync adopt PEER",
  };
}

function apartText({ apart }: StaleView): string {
  if (apart.length === 0) return "";
  const rows = apart.map(({ peer, entries, at }) => [peer, String(entries), at]);
  return `
apart: old entries here that these peers have not, and do not take
${table(["PEER", "ENTRIES", "COMPARED"], rows)}To follow a peer here: p2p-sync adopt PEER. To have it follow this node: the same there, with this node's id.
`;
}

function adoptionText({ adoption, comparing }: StaleView): string {
  return adoption === null ? "" : `\n${describeAdoption(adoption, comparing)}\n`;
}

export function describeAdoption(
  { peer, state, setAside, taken }: NonNullable<StaleView["adoption"]>,
  comparing: StaleView["comparing"],
): string {
  const done = `set aside ${entriesOf(setAside)}, took over ${entriesOf(taken)}`;
  if (state === "done") return `followed ${peer}: ${done}`;
  if (state === "linkLost") return `the link with ${peer} was lost before all was compared: ${done}`;
  const how =
    comparing?.peer === peer ? `${comparing.nodes} nodes of the tree, ${entriesOf(comparing.entries)} came` : "waiting";
  return `comparing with ${peer}: ${how}`;
}

function asideText({ setAside, entries }: StaleView): string {
  if (setAside === 0) return "nothing is set aside\n";
  const more = setAside - entries.length;
  const rest = more > 0 ? `… and ${more} more; --limit shows them\n` : "";
  return `set aside: ${entriesOf(setAside)} that the members followed had no more
${table(["KEY", "SIZE", "WRITTEN", "SET ASIDE", "SINCE", "WRITER"], entries.map(rowOf))}${rest}To write one again: p2p-sync stale --reissue KEY (all: --reissue-all). To forget it: p2p-sync stale --drop KEY.
`;
}

function rowOf({ key, sizeBytes, stampTime, setAsideAt, since, writer }: AsideView): readonly string[] {
  const size = sizeBytes === null ? "not here" : `${sizeBytes} B`;
  return [printable(key), size, stampTime, setAsideAt, since === null ? "-" : `${since} again`, writer];
}

export function entriesOf(count: number): string {
  return count === 1 ? "1 entry" : `${count} entries`;
}

function agoOf(time: string | null, now: number): string {
  return time === null
    ? "at an unknown time"
    : `${duration(Math.max(0, now - Date.parse(time)) / 1_000)} ago (${time})`;
}
