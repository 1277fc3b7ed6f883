/**
 * Answers to operators' questions as text.
 */
import type { ConvergenceView, MemberConvergenceView } from "../api/insight-views.ts";
import { duration, pairs, printable, table, type Paint } from "./text.ts";

const colours = { equal: "green", differs: "red", silent: "yellow" } as const;

export function describeConvergence(view: ConvergenceView, paint: Paint): string {
  const { alone, converged, members, notReachable, entries, root, heldBack } = view;
  const others = notReachable.length === 0 ? "" : `not asked, for they are not linked: ${notReachable.join(", ")}\n`;
  if (alone) return `no member is reachable: there is nobody to compare with\n${others}`;
  const behind = members.filter(({ state }) => state !== "equal");
  const headline = converged
    ? paint(`all ${members.length} reachable members are equal to this node`, "green")
    : paint(`${behind.length} of ${members.length} reachable members are not known to be equal to this node`, "red");
  const own = `here: ${entries} entries, root ${root.slice(0, 16)}…${heldBack === 0 ? "" : `, ${heldBack} batches held back`}\n`;
  const rows = members.map((member) => [
    member.peer,
    paint(member.state, colours[member.state]),
    member.entries === null ? "unknown" : String(member.entries),
    lagOf(member),
    member.lagSeconds === null ? "-" : duration(member.lagSeconds),
  ]);
  const details = behind.map((member) => `\n${detailsOf(member)}`).join("");
  return `${headline}\n${own}${table(["MEMBER", "STATE", "ENTRIES", "LAG", "FOR"], rows)}${details}${others}`;
}

function lagOf({ state, lagEntries }: MemberConvergenceView): string {
  if (state === "equal") return "-";
  if (lagEntries === null) return "unknown";
  if (lagEntries > 0) return `${lagEntries} entries behind`;
  return lagEntries < 0 ? `${-lagEntries} entries ahead` : "same count, other entries";
}

function detailsOf({ peer, state, heardAt, lastEqualAt, frontier, keysItMayLack }: MemberConvergenceView): string {
  const rows: [string, string | readonly string[]][] = [["member", peer]];
  if (state === "silent")
    rows.push([
      "heard",
      `not since the question; ${heardAt === null ? "it has told nothing yet" : `last at ${heardAt}`}`,
    ]);
  rows.push(["last equal", lastEqualAt ?? "not since it was linked"]);
  if (frontier !== null) {
    rows.push([
      "it lacked",
      `up to ${frontier.theyLack} batches of ours when it asked at ${frontier.at}; they were sent to it`,
    ]);
    if (frontier.weLack > 0)
      rows.push(["we lack", `up to ${frontier.weLack} batches it named; their keys are known once they come`]);
  }
  rows.push([
    "may lack",
    keysItMayLack.length === 0 ? "no key is known without asking it" : keysItMayLack.map(printable),
  ]);
  rows.push(["held back", "it does not tell what it holds back"]);
  return pairs(rows);
}
