/** What is kept for later questions: writes that met unseen, and writers that signed one number twice. */
import type { Time } from "../../base/brand.ts";
import type { Bytes } from "../../base/bytes.ts";
import type { CheckedParcel } from "../data/batch.ts";
import type { Conflict } from "../data/merge.ts";
import type { EffectSink } from "../effects.ts";

export function recordConflict({ key, winner, loser, loserOp }: Conflict, now: Time, out: EffectSink): void {
  const value = loserOp.content.type === "value" ? loserOp.content.value : undefined;
  out.push({
    type: "persist",
    write: { type: "addConflict", conflict: { key, at: now.wall, winner, loser, value } },
  });
  out.push({
    type: "note",
    at: now.wall,
    note: { type: "conflict", key, winner: winner.author, loser: loser.author, stamp: winner.stamp },
  });
}

/** `other` is the signed header of the batch that was there before. */
export function recordEquivocation(parcel: CheckedParcel, other: Bytes, now: Time, out: EffectSink): void {
  const { author, sequence } = parcel.header;
  out.push({
    type: "persist",
    write: { type: "addEvidence", first: other, second: parcel.signedHeader, at: now.wall },
  });
  out.push({ type: "note", at: now.wall, note: { type: "equivocation", author, sequence } });
}
