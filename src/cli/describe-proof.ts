/**
 * A proof as the commands take it: checked here, whoever it came from, and told in words.
 */
import { fromHex, toHex } from "../base/bytes.ts";
import { Fault } from "../base/fault.ts";
import { peerIdOf } from "../codec/peer-id.ts";
import { type ProofRefusal, type Proven, type ProvenEntry, checkProof } from "../core/data/trie/check-proof.ts";
import { rfc3339, valueView } from "../api/views.ts";
import type { ExitCode } from "./failure.ts";
import { printable } from "./text.ts";
import { jsonLine } from "./verb.ts";

/** Why a proof is refused, to be read behind "this proof". */
const reasons: Readonly<Record<ProofRefusal, string>> = {
  malformed: "is damaged or no proof",
  versionUnknown: "is no proof of a version known here",
  tooLarge: "is too large for a proof",
  invalidKey: "cannot be about this key: a key has 1 to 256 bytes of UTF-8 and no control characters",
  otherKey: "is about another key",
  wrongShape: "is of no set that follows the rules",
  batchMismatch: "has an operation that is not of the batch it names",
  badSignature: "has a batch that its author did not sign",
  rootMismatch: "leads to another root: it is of another set, of this one at another moment, or was altered",
};

/** What was proven of a key, and against which root. */
export interface Checked {
  readonly key: string;
  readonly root: string;
  readonly proven: Proven;
}

/** Throws `proof_refused`. */
export function checkedProof(root: string, key: string, proof: Uint8Array): Checked {
  const checked = checkProof(fromHex(root) ?? new Uint8Array(0), key, proof);
  if (checked.ok) return { key, root, proven: checked.value };
  const message = `This proof ${reasons[checked.code]} (${key}, root ${root})`;
  throw new Fault("proof_refused", message, { reason: checked.code, key, root });
}

/** The 64 hex digits of `--root`. Throws `invalid_argument`. */
export function rootOf(words: string): string {
  const root = words.toLowerCase();
  if (/^[0-9a-f]{64}$/.test(root)) return root;
  throw new Fault("invalid_argument", "--root is the 64 hex digits of a root, as status shows them.", {
    field: "root",
  });
}

type State = "value" | "expired" | "blob" | "deleted" | "absent";

function stateOf(proven: Proven, now: number): State {
  if (proven.type === "absent") return "absent";
  const { content, expiresAt } = proven.entry;
  if (content.type === "tombstone") return "deleted";
  return expiresAt !== undefined && expiresAt <= now ? "expired" : content.type;
}

/** Value to standard output, what is proven to standard error; with `json` all of it to standard output. */
export function showProven(
  { key, root, proven }: Checked,
  { json, now }: { readonly json: boolean; readonly now: number },
): { readonly exit: ExitCode; readonly out: Uint8Array | string; readonly err: string } {
  const state = stateOf(proven, now);
  const exit = state === "value" || state === "blob" ? 0 : 4;
  const entry = proven.type === "present" ? proven.entry : undefined;
  const value = state === "value" && entry?.content.type === "value" ? entry.content.value : undefined;
  if (json)
    return { exit, out: jsonLine({ key, state, root, count: proven.count, ...describedEntry(entry, value) }), err: "" };
  const entries = `${proven.count} ${proven.count === 1 ? "entry" : "entries"}, tombstones included`;
  const against = `proven against root ${root} of ${entries}`;
  return { exit, out: value ?? "", err: `${sentenceOf(key, state, entry)}; ${against}\n` };
}

function describedEntry(entry: ProvenEntry | undefined, value: Uint8Array | undefined): object {
  const shown = value === undefined ? { value: null, encoding: null } : valueView(value);
  if (entry === undefined) return { ...shown, author: null, stamp: null, batch: null, network: null, expiresAt: null };
  const { author, stamp, batch, network, expiresAt } = entry;
  const expires = expiresAt === undefined ? null : rfc3339(expiresAt);
  return { ...shown, author: peerIdOf(author), stamp, batch, network, expiresAt: expires };
}

function sentenceOf(key: string, state: State, entry: ProvenEntry | undefined): string {
  const name = printable(JSON.stringify(key));
  if (entry === undefined) return `${name} is not in the set`;
  const by = `by ${peerIdOf(entry.author)} at ${rfc3339(entry.stamp / 1_000)}`;
  const { content, expiresAt = 0 } = entry;
  switch (state) {
    case "deleted":
      return `${name} was deleted ${by}`;
    case "expired":
      return `${name} was written ${by} and expired at ${rfc3339(expiresAt)}`;
    case "blob":
      return `${name} is the blob ${content.type === "blob" ? toHex(content.hash) : ""}, written ${by}`;
    case "absent":
    case "value":
      return `${name} was written ${by}`;
  }
}
