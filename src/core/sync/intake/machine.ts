/**
 * Intake: from parcels as a peer sent them to parcels whose every claim is checked.
 *
 * Like a post room: known letters go to the bin, letters for another house go back with a
 * complaint, the rest wait for the signature expert. A load is what came together; it is judged
 * once, when all its signatures are known.
 *
 * 1. What is provably bad (another network, wrong root, bad signature) blames the sender, and the
 *    whole gossip message is rejected. What is only unknown or too much is ignored.
 * 2. Only batches not held are checked; of a walk all, for it asks for what frontiers do not tell; and of a gossip
 *    message with news all, for it goes on whole: a held header with a bad signature would make us the culprit.
 * 3. The bytes waiting for the expert are bounded; beyond that gossip, fresh or not, is ignored (a pull repairs).
 *    Pulls and walks bound themselves by their windows.
 */
import type { Author, NetworkId, PeerId, Time } from "../../../base/brand.ts";
import type { Bytes } from "../../../base/bytes.ts";
import type { Parcel } from "../../../codec/parcel.ts";
import { type CheckedParcel, checkParcel, signedPart } from "../../data/batch.ts";
import type { EffectSink, SignatureCheck } from "../../effects.ts";
import type { ParcelNote } from "../../notes.ts";
import { opMemoryBytes, verifyingBytesMax } from "../limits.ts";

/** Where a load came from, to be answered there. */
export type LoadSource =
  | {
      readonly type: "gossip";
      readonly message: number;
      readonly payload: Bytes;
      readonly receivedAt: number;
      readonly batches: number;
    }
  /** Gossip that waited for this node while it was away; it goes on whole, too. */
  | { readonly type: "fresh"; readonly payload: Bytes; readonly receivedAt: number; readonly batches: number }
  | { readonly type: "pull"; readonly session: number }
  /** Entries that are missing here for sure, so a number that is held says nothing. */
  | { readonly type: "walk"; readonly session: number };

export type IntakeInput =
  | {
      readonly type: "load";
      readonly from: PeerId;
      readonly source: LoadSource;
      readonly parcels: readonly Parcel[];
      readonly bytes: number;
    }
  | { readonly type: "verified"; readonly ticket: number; readonly valid: readonly boolean[] };

/** What intake asks of what is held. */
export interface KnownBatches {
  /** True when this very batch is held, so that looking at it again brings nothing. */
  knows(parcel: CheckedParcel): boolean;
  hasRoomFor(parcel: CheckedParcel): boolean;
}

export interface CheckedLoad {
  readonly from: PeerId;
  readonly source: LoadSource;
  /** In the order they came. */
  readonly parcels: readonly CheckedParcel[];
  readonly bad: boolean;
  /** Some of it was left unlooked at, so nobody here vouches for the whole. */
  readonly incomplete: boolean;
}

interface Pending {
  readonly from: PeerId;
  readonly source: LoadSource;
  readonly parcels: readonly CheckedParcel[];
  readonly incomplete: boolean;
  readonly bytes: number;
}

export class Intake {
  readonly #network: NetworkId;
  readonly #pending = new Map<number, Pending>();
  #tickets = 0;
  #bytes = 0;

  constructor(network: NetworkId) {
    this.#network = network;
  }

  /** Returns a load when it is done; until then, or never for an ignored one, undefined. */
  step(input: IntakeInput, known: KnownBatches, now: Time, out: EffectSink): CheckedLoad | undefined {
    return input.type === "load"
      ? this.#load(input, known, now, out)
      : this.#verified(input.ticket, input.valid, now, out);
  }

  #load(
    load: Extract<IntakeInput, { type: "load" }>,
    known: KnownBatches,
    now: Time,
    out: EffectSink,
  ): CheckedLoad | undefined {
    const { from, source } = load;
    const wanted: CheckedParcel[] = [];
    const held: CheckedParcel[] = [];
    let incomplete = false;
    for (const parcel of load.parcels) {
      const checked = checkParcel(parcel, this.#network);
      if (!checked.ok) {
        refuse(parcel.header.author, from, checked.code, now, out);
        return { from, source, parcels: [], bad: true, incomplete: false };
      }
      const everything = source.type === "walk";
      if (!everything && known.knows(checked.value)) held.push(checked.value);
      else if (known.hasRoomFor(checked.value)) wanted.push(checked.value);
      else {
        incomplete = true;
        refuse(parcel.header.author, undefined, "tooManyRanges", now, out, from);
      }
    }
    if (wanted.length === 0) return { from, source, parcels: [], bad: false, incomplete };
    const bytes = load.bytes + opMemoryBytes * load.parcels.reduce((sum, { ops }) => sum + ops.length, 0);
    if (this.#bytes + bytes > verifyingBytesMax && goesOn(source)) {
      out.push({ type: "note", at: now.wall, note: { type: "overloaded", what: "verification" } });
      return { from, source, parcels: [], bad: false, incomplete: true };
    }
    const parcels = goesOn(source) ? [...wanted, ...held] : wanted;
    return this.#submit({ from, source, parcels, incomplete, bytes }, out);
  }

  #submit(pending: Pending, out: EffectSink): undefined {
    const ticket = ++this.#tickets;
    this.#pending.set(ticket, pending);
    this.#bytes += pending.bytes;
    out.push({ type: "verify", ticket, checks: pending.parcels.map(checkOf) });
    return undefined;
  }

  #verified(ticket: number, valid: readonly boolean[], now: Time, out: EffectSink): CheckedLoad | undefined {
    const pending = this.#pending.get(ticket);
    if (pending === undefined) return undefined;
    this.#pending.delete(ticket);
    this.#bytes -= pending.bytes;
    const { from, source, incomplete } = pending;
    const parcels = pending.parcels.filter((_, index) => valid[index] === true);
    const forged = pending.parcels.find((_, index) => valid[index] !== true);
    if (forged !== undefined) refuse(forged.header.author, from, "badSignature", now, out);
    return { from, source, parcels, bad: forged !== undefined, incomplete };
  }
}

/** Whether others are sent it as it came, so that this node vouches for all of it. */
function goesOn({ type }: LoadSource): boolean {
  return type === "gossip" || type === "fresh";
}

function checkOf(parcel: CheckedParcel): SignatureCheck {
  const { message, signature }: { message: Bytes; signature: Bytes } = signedPart(parcel);
  return { author: parcel.header.author, message, signature };
}

function refuse(
  author: Author,
  blamed: PeerId | undefined,
  reason: ParcelNote,
  now: Time,
  out: EffectSink,
  from: PeerId | undefined = blamed,
): void {
  if (from !== undefined)
    out.push({ type: "note", at: now.wall, note: { type: "parcelRefused", author, from, reason } });
  if (blamed !== undefined) out.push({ type: "penalise", peer: blamed, reason });
}
