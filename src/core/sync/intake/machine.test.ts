import { describe, expect, test } from "vitest";
import type { Incarnation, Instant, NetworkId, PeerId, Stamp, Time } from "../../../base/brand.ts";
import { type Bytes, toHex } from "../../../base/bytes.ts";
import { type Parcel, decodeParcel } from "../../../codec/parcel.ts";
import { ed25519PublicKey, ed25519Signer, ed25519Verify } from "../../../crypto/ed25519.ts";
import { type CheckedParcel, makeBatch } from "../../data/batch.ts";
import type { Effect, SignatureCheck } from "../../effects.ts";
import { opMemoryBytes, verifyingBytesMax } from "../limits.ts";
import { type CheckedLoad, Intake, type KnownBatches, type LoadSource } from "./machine.ts";

const network = "11".repeat(32) as NetworkId;
const signer = ed25519Signer(new Uint8Array(32).fill(1));
const bob = "bob" as PeerId;
const now: Time = { wall: 0 as Instant, mono: 0 };
const payload = new Uint8Array(0);
const gossip: LoadSource = { type: "gossip", message: 7, payload, receivedAt: 0, batches: 1 };
const fresh: LoadSource = { type: "fresh", payload, receivedAt: 0, batches: 1 };
const pull: LoadSource = { type: "pull", session: 3 };
const nothing: KnownBatches = { knows: () => false, hasRoomFor: () => true };
const everything: KnownBatches = { knows: () => true, hasRoomFor: () => true };

function bytesOf(sequence: number, inNetwork: NetworkId = network): Bytes {
  const op = {
    key: "k",
    content: { type: "value" as const, value: new Uint8Array(3) },
    ttlSeconds: undefined,
    replaces: undefined,
  };
  const made = makeBatch(
    [op],
    { network: inNetwork, incarnation: "22".repeat(8) as Incarnation, sequence, stamp: 5 as Stamp },
    signer,
  );
  if (!made.ok) throw new Error(made.code);
  return made.value.bytes;
}

function parcel(bytes: Bytes): Parcel {
  const decoded = decodeParcel(bytes);
  if (!decoded.ok) throw new Error(decoded.code);
  return decoded.value;
}

const [one, two, three] = [1, 2, 3].map((sequence) => parcel(bytesOf(sequence))) as [Parcel, Parcel, Parcel];
const foreign = parcel(bytesOf(1, "99".repeat(32) as NetworkId));
const wrongRoot = parcel(bytesOf(1).with(bytesOf(1).length - 1, 77));
const forged = parcel(bytesOf(4).with(130, bytesOf(4)[130]! ^ 1));

class Room {
  readonly intake = new Intake(network);
  checks: readonly SignatureCheck[] = [];
  ticket = 0;
  blamed: string[] = [];
  notes: string[] = [];

  load(
    parcels: readonly Parcel[],
    source: LoadSource = gossip,
    known: KnownBatches = nothing,
    bytes = 100,
  ): CheckedLoad | undefined {
    const out: Effect[] = [];
    const load = this.intake.step({ type: "load", from: bob, source, parcels, bytes }, known, now, out);
    this.#take(out);
    return load;
  }

  verified(valid: readonly boolean[], ticket: number = this.ticket): CheckedLoad | undefined {
    const out: Effect[] = [];
    const load = this.intake.step({ type: "verified", ticket, valid }, nothing, now, out);
    this.#take(out);
    return load;
  }

  #take(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.type === "verify") [this.ticket, this.checks] = [effect.ticket, effect.checks];
      if (effect.type === "penalise") this.blamed.push(`${effect.peer} ${effect.reason}`);
      if (effect.type === "note")
        this.notes.push("reason" in effect.note ? `${effect.note.type} ${effect.note.reason}` : effect.note.type);
    }
  }
}

const sequences = (load: CheckedLoad | undefined): readonly number[] | undefined =>
  load?.parcels.map(({ header }) => header.sequence);

describe("a load", () => {
  test("comes back in its order when all its signatures are known", () => {
    const room = new Room();
    expect(room.load([two, one, three])).toBeUndefined();
    expect(
      room.checks.map(({ author, message, signature }) => ed25519Verify(ed25519PublicKey(author)!, message, signature)),
    ).toEqual([true, true, true]);
    const load = room.verified([true, true, true]);
    expect([sequences(load), load?.bad, load?.from, load?.source]).toEqual([[2, 1, 3], false, bob, gossip]);
    expect([room.blamed, room.notes]).toEqual([[], []]);
  });

  test.each<[string, Parcel, string]>([
    ["of another network", foreign, "wrongNetwork"],
    ["with a wrong root", wrongRoot, "rootMismatch"],
  ])("with a batch %s is bad as a whole, at once, and blames the sender", (_, bad, reason) => {
    const room = new Room();
    expect(room.load([one, bad, two])).toEqual({
      from: bob,
      source: gossip,
      parcels: [],
      bad: true,
      incomplete: false,
    });
    expect([room.blamed, room.notes]).toEqual([[`bob ${reason}`], [`parcelRefused ${reason}`]]);
    expect(room.ticket).toBe(0);
  });

  test("with a forged signature is bad, blames the sender, and what is good of it stays good", () => {
    const room = new Room();
    room.load([one, forged, two]);
    const valid = room.checks.map(({ author, message, signature }) =>
      ed25519Verify(ed25519PublicKey(author)!, message, signature),
    );
    expect(valid).toEqual([true, false, true]);
    const load = room.verified(valid);
    expect([sequences(load), load?.bad, room.blamed]).toEqual([[1, 2], true, ["bob badSignature"]]);
  });

  test("of known batches alone is done without a check and without blame", () => {
    const room = new Room();
    expect(room.load([one, two], gossip, everything)).toEqual({
      from: bob,
      source: gossip,
      parcels: [],
      bad: false,
      incomplete: false,
    });
    expect([room.ticket, room.blamed]).toEqual([0, []]);
  });

  test("of what waited for us is checked whole if it has news, like gossip", () => {
    const room = new Room();
    const { header } = one as unknown as { header: { sequence: number } };
    const knows = (parcel: { header: { sequence: number } }): boolean => parcel.header.sequence === header.sequence;
    room.load([one, two], fresh, { knows, hasRoomFor: () => true });
    expect(room.checks).toHaveLength(2);
    expect(sequences(room.verified([true, true]))).toEqual([2, 1]);
  });

  test("has only its unknown batches checked", () => {
    const room = new Room();
    room.load([one, two, three], gossip, { ...nothing, knows: ({ header }) => header.sequence !== 2 });
    expect(sequences(room.verified([true]))).toEqual([2]);
  });

  test("of a walk is checked even where it is known", () => {
    const room = new Room();
    room.load([one, two], { type: "walk", session: 3 }, everything);
    expect(sequences(room.verified([true, true]))).toEqual([1, 2]);
  });

  test("of numberings that are not remembered any more is left out without blame", () => {
    const room = new Room();
    expect(room.load([one], gossip, { ...nothing, hasRoomFor: () => false })).toMatchObject({
      parcels: [],
      bad: false,
      incomplete: true,
    });
    expect([room.blamed, room.notes]).toEqual([[], ["parcelRefused tooManyRanges"]]);
  });
});

describe("too much at once", () => {
  test("gossip over 64 MiB in check is ignored without blame; room comes back", () => {
    const room = new Room();
    room.load([one], gossip, nothing, verifyingBytesMax - opMemoryBytes);
    const { ticket } = room;
    expect(room.load([two])).toEqual({ from: bob, source: gossip, parcels: [], bad: false, incomplete: true });
    expect([room.notes, room.blamed]).toEqual([["overloaded"], []]);
    room.verified([true], ticket);
    expect(room.load([two])).toBeUndefined();
  });

  test("each operation counts with 512 bytes beside its own", () => {
    const room = new Room();
    expect(room.load([one, two], gossip, nothing, verifyingBytesMax - 2 * opMemoryBytes + 1)).toBeDefined();
    expect(room.notes).toEqual(["overloaded"]);
    expect(room.load([one, two], gossip, nothing, verifyingBytesMax - 2 * opMemoryBytes)).toBeUndefined();
  });

  test("pulls are not ignored: their window bounds them", () => {
    const room = new Room();
    room.load([one], gossip, nothing, verifyingBytesMax - opMemoryBytes);
    expect(room.load([two], pull)).toBeUndefined();
  });
});

describe("answers of the check", () => {
  test("that nobody asked for, or that come twice, change nothing", () => {
    const room = new Room();
    room.load([one]);
    expect(room.verified([true], 99)).toBeUndefined();
    expect(room.verified([true])).toBeDefined();
    expect(room.verified([true])).toBeUndefined();
  });

  test("with too few verdicts count the rest as bad", () => {
    const room = new Room();
    room.load([one, two]);
    const load = room.verified([true]);
    expect([sequences(load), load?.bad]).toEqual([[1], true]);
  });
});

test("two batches under one number both come through: what they are is judged behind the intake", () => {
  const room = new Room();
  const twin: CheckedParcel["header"] = one.header;
  room.load([one, two], gossip, { ...nothing, knows: ({ header }) => header.sequence === twin.sequence + 1 });
  expect(toHex(room.checks[0]!.message).length).toBe(2 * (23 + 123));
  expect(sequences(room.verified([true]))).toEqual([1]);
});
