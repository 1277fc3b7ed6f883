/**
 * Answers to operators' questions as text.
 */
import type {
  ConvergenceView,
  KeyExplanationView,
  MemberConvergenceView,
  PartitionView,
  PartitionsView,
} from "../api/insight-views.ts";
import { duration, pairs, preview, printable, table, type Paint } from "./text.ts";

const colours = { equal: "green", differs: "red", silent: "yellow" } as const;

export function describeConvergence(view: ConvergenceView, paint: Paint): string {
  const { alone, converged, members, notReachable, entries, root, heldBack, full, prefix } = view;
  const part = prefix === null ? "" : ` under ${printable(prefix)}`;
  const others = notReachable.length === 0 ? "" : `not asked, for they are not linked: ${notReachable.join(", ")}\n`;
  if (alone) return `no member is reachable: there is nobody to compare with\n${others}`;
  const behind = members.filter(({ state }) => state !== "equal");
  const headline = converged
    ? paint(`all ${members.length} reachable members are equal to this node${part}`, "green")
    : paint(
        `${behind.length} of ${members.length} reachable members are not known to be equal to this node${part}`,
        "red",
      );
  const own = `here: ${entries} entries${part}, root ${root.slice(0, 16)}…${heldBack === 0 ? "" : `, ${heldBack} batches held back`}\n`;
  const rows = members.map((member) => [
    member.peer,
    paint(member.state, colours[member.state]),
    member.entries === null ? "unknown" : String(member.entries),
    lagOf(member),
    member.lagSeconds === null ? "-" : duration(member.lagSeconds),
  ]);
  const details = prefix === null ? behind.map((member) => `\n${detailsOf(member)}`).join("") : prefixHint(behind);
  const fullHere = full === null ? "" : paint(`this node takes nothing from others for now: ${full}\n`, "red");
  const fullThere = behind
    .filter((member) => member.fullThere)
    .map(({ peer }) =>
      paint(
        `${peer} takes nothing from others for now, because a limit of its disk is reached: p2p-sync status there says which, and what to do\n`,
        "red",
      ),
    );
  return `${headline}\n${own}${fullHere}${fullThere.join("")}${table(["MEMBER", "STATE", "ENTRIES", "LAG", "FOR"], rows)}${details}${others}`;
}

function prefixHint(behind: readonly MemberConvergenceView[]): string {
  if (behind.length === 0) return "";
  return "\nOf a part only counts and digests are compared: which keys differ cannot be known without asking for them.\n";
}

function lagOf({ state, lagEntries }: MemberConvergenceView): string {
  if (state === "equal") return "-";
  if (lagEntries === null) return "unknown";
  if (lagEntries > 0) return `${lagEntries} entries behind`;
  return lagEntries < 0 ? `${-lagEntries} entries ahead` : "same count, other entries";
}

function detailsOf({
  peer,
  state,
  heardAt,
  lastEqualAt,
  heldBackThere,
  frontier,
  keysItMayLack,
}: MemberConvergenceView): string {
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
  rows.push(["held back", heldBackWords(heldBackThere)]);
  return pairs(rows);
}

function heldBackWords(heldBack: number | null): string {
  if (heldBack === null) return "it has not told";
  if (heldBack === 0) return "nothing";
  const batches = heldBack === 1 ? "1 batch that comes" : `${heldBack} batches that come`;
  return `${batches} from the future by its clock: compare the clocks (p2p-sync peers)`;
}

export function describeKey({ key, state, version, holders, conflicts }: KeyExplanationView): string {
  if (version === null)
    return `${printable(key)}: no version is held here, not even of a deletion: it was never written, or never came\n`;
  const { writer, stamp, stampTime, batch, sequence, batchOps, replaces, expiresAt } = version;
  const rows: [string, string | readonly string[]][] = [
    ["key", printable(key)],
    ["state", stateWords[state]],
    ["value", valueOf(version)],
    ["writer", writer],
    ["written", `${stampTime} (stamp ${stamp})`],
    ["batch", `${batch} (number ${sequence} of its writer, ${batchOps === 1 ? "1 key" : `${batchOps} keys`})`],
    ["arrived", arrivalOf(version)],
    [
      "replaced",
      replaces === null
        ? "nothing its writer knew of"
        : `the version of ${replaces.stampTime} (batch ${replaces.batch})`,
    ],
    [
      "certainty",
      holders.length === 0
        ? "local; of no other member is it known that it holds this"
        : `shared with at least ${holders.length}`,
    ],
    ...(holders.length === 0
      ? []
      : [["held by", holders.map(({ peer, how }) => `${peer} (${howWords[how]})`)] as [string, string[]]]),
    ["expires", expiresAt ?? "never"],
    ["conflicts", conflicts.length === 0 ? "none in the last 24 h" : conflicts.map(conflictLine)],
  ];
  return pairs(rows);
}

const stateWords: Readonly<Record<KeyExplanationView["state"], string>> = {
  living: "living",
  deleted: "deleted: a tombstone is kept so that no older write returns",
  expired: "expired: hidden from reads",
  neverSeen: "never seen",
};

const howWords: Readonly<Record<KeyExplanationView["holders"][number]["how"], string>> = {
  acknowledged: "it said that it is on its disk",
  sentIt: "it sent it here",
  equalSince: "its whole set equalled ours since",
};

function valueOf({
  kind,
  preview: text,
  encoding,
  sizeBytes,
  truncated,
}: NonNullable<KeyExplanationView["version"]>): string {
  if (kind === "tombstone") return "none: this version is a deletion";
  if (text === null || encoding === null) return `a blob of ${sizeBytes} bytes`;
  const shown = encoding === "base64" ? `base64 ${text}` : preview(text, encoding);
  return `${sizeBytes} bytes: ${shown}${truncated ? "…" : ""}`;
}

function arrivalOf({ arrival }: NonNullable<KeyExplanationView["version"]>): string {
  if (arrival === null) return "unknown: it was stored before this was kept";
  const { at, via, peer } = arrival;
  if (via === "own") return `${at}, written here`;
  return `${at}, ${via === "gossip" ? "gossip" : "pulled"} from ${peer ?? "a peer whose name is not kept"}`;
}

function conflictLine({ at, value, encoding, loser, winner }: KeyExplanationView["conflicts"][number]): string {
  const lost = value === null ? "a deletion" : preview(value, encoding ?? "utf8");
  return `${at}: ${winner.author} won over ${loser.author}, which had written ${lost}`;
}

const phaseWords: Readonly<Record<PartitionView["phase"], string>> = {
  open: "open: nobody has returned",
  healing: "healing: what the returned had is still coming",
  ended: "ended",
  lapsed: "over: nobody returned within a day, so they count as members no more",
};

export function describePartitions({ partitions }: PartitionsView): string {
  if (partitions.length === 0) return "no member has vanished without a goodbye\n";
  return partitions.map(describePartition).join("\n");
}

function describePartition(partition: PartitionView): string {
  const { id, phase, since, endedAt, here, there, ownWrites, receivedWrites, arrivedWrites, conflicts, lost } =
    partition;
  const more = conflicts > lost.length ? [`and ${conflicts - lost.length} more`] : [];
  return pairs([
    ["partition", `${id}, ${phaseWords[phase]}`],
    ["since", since],
    ["until", endedAt ?? "now"],
    ["this side", ["this node", ...here]],
    ["cut off", [...there.map(memberLine), "(cut off or crashed: from here both look alike)"]],
    ["writes here", `${ownWrites} by this node, ${receivedWrites} received`],
    [
      "from there",
      phase === "open" ? "not known before they return" : `${arrivedWrites}${phase === "healing" ? " so far" : ""}`,
    ],
    ["lost", lost.length === 0 ? "no write of one side lost to one of the other" : [...lost.map(lostLine), ...more]],
  ]);
}

function memberLine({ peer, lostAt, returnedAt, heardThrough }: PartitionView["there"][number]): string {
  const back = returnedAt === null ? "still away" : `back at ${returnedAt}`;
  const heard = heardThrough === null ? "" : `; not cut off from ${heardThrough}, which passed on a later write of it`;
  return `${peer}, lost at ${lostAt}, ${back}${heard}`;
}

function lostLine({ key, winner, loser, lostOn }: PartitionView["lost"][number]): string {
  return `${printable(key)}: written ${lostOn === "here" ? "on this side" : "over there"} by ${loser.author}, lost to ${winner.author}`;
}
