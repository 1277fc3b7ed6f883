/**
 * What is known of one key: the version that lives, who wrote it, how it came here, what it beat,
 * and who else is known to hold it.
 *
 * Who else holds it is inferred, never guessed: a member told so (it acknowledged this write of
 * ours), it sent it to us, or its whole set was equal to ours after this version had come.
 */
import type { Instant, PeerId } from "../base/brand.ts";
import { Fault } from "../base/fault.ts";
import { isValidKey } from "../codec/op.ts";
import { peerIdOf } from "../codec/peer-id.ts";
import { stampAheadMsMax } from "../core/data/limits.ts";
import { expiryOf, instantOf } from "../core/data/stamp.ts";
import type { Outcome } from "../core/effects.ts";
import type { ReadVersion } from "../drivers/storage/insight-reader.ts";
import type { ReadConflict } from "../drivers/storage/sqlite-reader.ts";
import type { Arrival } from "../ports/store.ts";
import type { KeyExplanation, KeyHolder, LivingVersion } from "./insight.ts";
import { conflictOf } from "./read-views.ts";
import type { Request } from "./replica-client.ts";

export interface ExplainingNode {
  readonly self: PeerId;
  version(key: string): ReadVersion | undefined;
  /** Lost writes to this key of the last day, newest first. */
  conflictsOf(key: string): readonly ReadConflict[];
  ask(request: Request): Promise<Outcome>;
  now(): Instant;
}

/** Throws `invalid_key`. */
export async function explainKey(key: string, node: ExplainingNode): Promise<KeyExplanation> {
  if (!isValidKey(key))
    throw new Fault("invalid_key", "a key has 1 to 256 bytes of UTF-8 and no control characters", { key });
  const conflicts = node.conflictsOf(key).map(conflictOf);
  const found = node.version(key);
  if (found === undefined) return { key, state: "neverSeen", version: undefined, holders: [], conflicts };
  const version = versionOf(found);
  return { key, state: stateOf(version, node.now()), version, holders: await holdersOf(found, node), conflicts };
}

function versionOf({ op, stamp, header, batch, arrival }: ReadVersion): LivingVersion {
  const { content, ttlSeconds, replaces } = op;
  return {
    value: content.type === "value" ? content.value : undefined,
    sizeBytes: content.type === "value" ? content.value.length : content.type === "blob" ? content.sizeBytes : 0,
    kind: content.type,
    writer: peerIdOf(header.author),
    stamp,
    batch,
    sequence: header.sequence,
    batchOps: header.opsCount,
    replaces,
    expiresAt: ttlSeconds === undefined ? undefined : expiryOf(stamp, ttlSeconds),
    arrival,
  };
}

function stateOf({ kind, expiresAt }: LivingVersion, now: Instant): KeyExplanation["state"] {
  if (kind === "tombstone") return "deleted";
  return expiresAt !== undefined && expiresAt <= now ? "expired" : "living";
}

async function holdersOf(
  { header: { author, incarnation, sequence }, stamp, arrival }: ReadVersion,
  node: ExplainingNode,
): Promise<readonly KeyHolder[]> {
  const holders = new Map<PeerId, KeyHolder>();
  const add = (peer: PeerId | undefined, how: KeyHolder["how"]): void => {
    if (peer !== undefined && peer !== node.self && !holders.has(peer)) holders.set(peer, { peer, how });
  };
  const since = arrival === undefined ? undefined : mergedBy(arrival, instantOf(stamp));
  const outcome = await node.ask({ type: "holdersRequested", author, incarnation, sequence, since });
  if (outcome.type !== "holders") throw new Fault("internal", `an answer of another kind: ${outcome.type}`);
  for (const peer of outcome.acknowledged) add(peer, "acknowledged");
  if (arrival !== undefined && arrival.via.type !== "own") add(arrival.via.peer, "sentIt");
  for (const peer of outcome.equalSince) add(peer, "equalSince");
  return [...holders.values()];
}

/** What came from the future was merged only when its time had come. */
function mergedBy({ at }: Arrival, stamped: Instant): Instant {
  return Math.max(at, stamped - stampAheadMsMax) as Instant;
}
