/** The batches a hostile peer makes, alters and replays. */
import type { Author, Incarnation, Instant, NetworkId, Stamp } from "../src/base/brand.ts";
import { type Bytes, concat, toHex, utf8Encode } from "../src/base/bytes.ts";
import type { Prng } from "../src/base/prng.ts";
import { decodeGossip, encodeGossip } from "../src/codec/gossip.ts";
import { type Op, encodeOp } from "../src/codec/op.ts";
import { type Parcel, type PlacedOp, decodeParcel, encodeParcel, headerBytes, isWhole } from "../src/codec/parcel.ts";
import { makeBatch } from "../src/core/data/batch.ts";
import { leafOf, narrowProof } from "../src/crypto/merkle.ts";
import type { Signer } from "../src/crypto/ed25519.ts";
import { worldBegan } from "./clock.ts";
import type { Setting } from "./setting.ts";

const remembered = 400;
/** A hoarder keeps all there is in a world. */
const hoardMax = 20_000;
/** Old batches a hoarder brings at once. */
const broughtAtOnce = 12;
/** Batches from the future sent together now and then: more than a node keeps of one author. */
const hoarded = 70;
/** Operations of a batch that a fragment is torn from: a full tree, so that every place has a proof of one length. */
const tornOps = 4;

export interface Gossiped {
  readonly name: string;
  readonly payload: Bytes;
}

export class Forgery {
  readonly #setting: Setting;
  readonly #prng: Prng;
  readonly #signer: Signer;
  readonly #victims: readonly Author[];
  readonly #incarnation: Incarnation;
  readonly #overheard: Parcel[] = [];
  #sequence = 0;

  constructor(setting: Setting, prng: Prng, signer: Signer, victims: readonly Author[]) {
    this.#setting = setting;
    this.#prng = prng;
    this.#signer = signer;
    this.#victims = victims;
    this.#incarnation = toHex(prng.bytes(8)) as Incarnation;
  }

  overheard(payload: Bytes): void {
    const decoded = decodeGossip(payload);
    if (decoded.ok) for (const parcel of decoded.value) this.keep(parcel);
  }

  keep(parcel: Parcel): void {
    if (this.#overheard.length < (this.#setting.options.hoards ? hoardMax : remembered)) this.#overheard.push(parcel);
    else this.#overheard[this.#prng.below(remembered)] = parcel;
  }

  gossip(): Gossiped {
    const name = this.#prng.pick([
      "own",
      "forged",
      "otherNetwork",
      "future",
      "farFuture",
      "belowFloor",
      "replay",
      "resigned",
      "altered",
      "mixed",
      "truncated",
      "noise",
    ] as const);
    return { name, payload: this.#payload(name) };
  }

  /** Two batches under one number, for two halves of the network. */
  twins(): readonly [Bytes, Bytes] {
    this.#sequence += 1;
    const op = this.#op();
    const stamps = [this.#stamp(0), this.#stamp(0)] as const;
    const isTie = this.#prng.chance(0.5);
    return [
      encodeGossip([this.#batch([op], stamps[0])]),
      encodeGossip([this.#batch([isTie ? { ...this.#op(), key: op.key } : this.#op()], stamps[isTie ? 0 : 1])]),
    ];
  }

  /** Parcels for an honest puller; some are not what they say. */
  servedParcels(): readonly Bytes[] {
    if (this.#setting.options.servesOld && this.#prng.chance(0.5)) return [this.#ancient()];
    if (this.#setting.options.hoards && this.#prng.chance(0.7)) return this.#hoarded();
    const kind = this.#prng.below(6);
    if (kind === 0) return [this.#forged()];
    if (kind === 4) return [this.#torn("moved")];
    if (kind === 5) return [this.#own(0, true), this.#torn("altered")];
    if (kind === 1) return [this.#own(0, true), this.#own(-20_000, true)];
    const replays = this.#overheard.slice(0, 20).map(bytesOf);
    return kind === 2 ? replays : [...replays.slice(0, 2), this.#own(3_600_000, true)];
  }

  /** What was heard long ago, for the most part: of which deletions may be forgotten by now. */
  #hoarded(): readonly Bytes[] {
    const oldest = Math.ceil(this.#overheard.length * this.#prng.unit() ** 2);
    return Array.from({ length: Math.min(broughtAtOnce, oldest) }, () =>
      bytesOf(this.#overheard[this.#prng.below(oldest)] as Parcel),
    );
  }

  #payload(name: Gossiped["name"]): Bytes {
    const old = this.#overheard.length === 0 ? undefined : this.#prng.pick(this.#overheard.filter(isWhole));
    switch (name) {
      case "forged":
        return encodeGossip([this.#forged()]);
      case "otherNetwork":
        return encodeGossip([this.#batch([this.#op()], this.#stamp(0), toHex(this.#prng.bytes(32)) as NetworkId)]);
      case "future":
        return encodeGossip(
          Array.from({ length: this.#prng.chance(0.3) ? hoarded : 1 }, () =>
            this.#own(60_000 + this.#prng.below(600_000), true),
          ),
        );
      case "farFuture":
        return encodeGossip([this.#pushedFar()]);
      case "belowFloor":
        return encodeGossip([this.#belowFloor()]);
      case "replay":
        return encodeGossip([old === undefined ? this.#own(0, true) : bytesOf(old)]);
      case "resigned":
        return encodeGossip([old === undefined ? this.#forged() : this.#resigned(old)]);
      case "mixed":
        return encodeGossip(
          this.#shuffled([
            old === undefined || this.#prng.chance(0.5) ? this.#forged() : this.#resigned(old),
            this.#own(0, true),
          ]),
        );
      case "altered":
        return encodeGossip([this.#altered()]);
      case "truncated": {
        const whole = encodeGossip([this.#own(0, true)]);
        return whole.subarray(0, this.#prng.below(whole.length));
      }
      case "noise":
        return this.#prng.bytes(this.#prng.below(400));
      default:
        return encodeGossip([this.#own(0, true)]);
    }
  }

  /** A batch under its own key, `aheadMs` off the true time. */
  #own(aheadMs: number, isNumbered: boolean): Bytes {
    if (isNumbered) this.#sequence += 1;
    return this.#batch([this.#op()], this.#stamp(aheadMs));
  }

  /** An entry from before the horizon, on a key that nobody has. */
  #ancient(): Bytes {
    const ageMs = (this.#setting.options.horizonMs * 4) / 3;
    return this.#batch([{ ...this.#op(), key: `old${++this.#sequence}` }], this.#stamp(-ageMs));
  }

  /** Older than the horizon by two minutes up to ten days, on a key that somebody may have, or nobody. */
  #belowFloor(): Bytes {
    this.#sequence += 1;
    const { horizonMs } = this.#setting.options;
    const olderMs = 120_000 + (horizonMs / 3) * this.#prng.unit() ** 4;
    const op = this.#op();
    return this.#batch(
      [this.#prng.chance(0.5) ? op : { ...op, key: `gone${this.#sequence}` }],
      this.#stamp(-horizonMs - olderMs),
    );
  }

  /** A batch that names a victim as its author. */
  #forged(): Bytes {
    const signer = { author: this.#prng.pick(this.#victims), sign: () => this.#prng.bytes(64) };
    return this.#batch([this.#op()], this.#stamp(0), this.#setting.networkId, signer);
  }

  /** A real batch with another signature under the same header. */
  #resigned(parcel: Parcel): Bytes {
    const signedHeader = concat([parcel.signedHeader.subarray(0, headerBytes), this.#prng.bytes(64)]);
    return bytesOf({ ...parcel, signedHeader });
  }

  /** One operation of an own batch is not the one that was signed. */
  #altered(): Bytes {
    const parcel = this.#made(1);
    return bytesOf({
      ...parcel,
      ops: parcel.ops.map((op) => ({ ...op, bytes: encodeOp({ ...this.#op(), key: op.op.key }) })),
    });
  }

  /** A fragment of an own batch, with its true proof, that has an operation in another's place or another operation. */
  #torn(how: "moved" | "altered"): Bytes {
    const parcel = this.#made(tornOps);
    const leaves = parcel.ops.map(({ index, bytes }) => ({ index, leaf: leafOf(bytes) }));
    const place = this.#prng.below(tornOps);
    const proof = narrowProof(tornOps, leaves, [], new Set([place]));
    const op = parcel.ops[how === "moved" ? (place + 1) % tornOps : place] as PlacedOp;
    const bytes = how === "moved" ? op.bytes : encodeOp({ ...this.#op(), key: op.op.key });
    return bytesOf({ ...parcel, ops: [{ ...op, bytes, index: place }], proof });
  }

  /** Claims to replace a version from the end of time, which pushes its own stamp there. */
  #pushedFar(): Bytes {
    this.#sequence += 1;
    const replaces = {
      stamp: (Number.MAX_SAFE_INTEGER - this.#prng.below(2)) as Stamp,
      batch: toHex(this.#prng.bytes(32)) as never,
    };
    return this.#batch([{ ...this.#op(), replaces }], this.#stamp(0));
  }

  #made(count: number): Parcel {
    this.#sequence += 1;
    const first = this.#prng.below(1_000_000);
    const ops = Array.from({ length: count }, (_, index) => ({ ...this.#op(), key: `torn${first + index}` }));
    const decoded = decodeParcel(this.#batch(ops, this.#stamp(0)));
    if (!decoded.ok) throw new Error(`a hostile batch cannot be read: ${decoded.code}`);
    return decoded.value;
  }

  #shuffled(parcels: readonly [Bytes, Bytes]): readonly Bytes[] {
    return this.#prng.chance(0.5) ? parcels : [parcels[1], parcels[0]];
  }

  #stamp(aheadMs: number): Stamp {
    const wall = (worldBegan + Math.floor(this.#setting.queue.now) + Math.floor(aheadMs)) as Instant;
    return (wall * 1_000 + this.#prng.below(1_000)) as Stamp;
  }

  #batch(
    ops: readonly Op[],
    stamp: Stamp,
    network: NetworkId = this.#setting.networkId,
    signer: Signer = this.#signer,
  ): Bytes {
    const numbers = { network, incarnation: this.#incarnation, sequence: this.#sequence + 1, stamp };
    const made = makeBatch(ops, numbers, signer);
    if (!made.ok) throw new Error(`a hostile batch cannot be made: ${made.code}`);
    const { parcel, bytes } = made.value;
    if (signer === this.#signer)
      this.#setting.signed.made(
        parcel.signedHeader,
        parcel.ops.map((each) => each.bytes),
      );
    return bytes;
  }

  #op(): Op {
    const key = `k${this.#prng.below(this.#setting.options.keys)}`;
    const content = this.#prng.chance(0.2)
      ? ({ type: "tombstone" } as const)
      : ({ type: "value", value: utf8Encode(`hostile ${this.#prng.u32()}`) } as const);
    return { key, content, ttlSeconds: undefined, replaces: undefined };
  }
}

function bytesOf({ signedHeader, header, ops, proof }: Parcel): Bytes {
  return encodeParcel(signedHeader, header.opsCount, ops, proof);
}
