/** The batches a hostile peer makes, alters and replays. */
import type { Author, Incarnation, Instant, NetworkId, Stamp } from "../src/base/brand.ts";
import { type Bytes, concat, toHex, utf8Encode } from "../src/base/bytes.ts";
import type { Prng } from "../src/base/prng.ts";
import { decodeGossip, encodeGossip } from "../src/codec/gossip.ts";
import type { Op } from "../src/codec/op.ts";
import { type Parcel, encodeParcel, headerBytes, isWhole } from "../src/codec/parcel.ts";
import { makeBatch } from "../src/core/data/batch.ts";
import type { Signer } from "../src/crypto/ed25519.ts";
import type { Setting } from "./setting.ts";

const remembered = 400;
const dayMs = 86_400_000;
const worldBegan = 1_790_000_000_000;

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
    if (this.#overheard.length < remembered) this.#overheard.push(parcel);
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
      "mixed",
      "truncated",
      "noise",
    ] as const);
    return { name, payload: this.#payload(name) };
  }

  /** Two batches under one number, for two halves of the network. */
  twins(): readonly [Bytes, Bytes] {
    this.#sequence += 1;
    return [encodeGossip([this.#own(0, false)]), encodeGossip([this.#own(0, false)])];
  }

  /** Parcels for an honest puller; some are not what they say. */
  servedParcels(): readonly Bytes[] {
    if (this.#setting.options.servesOld && this.#prng.chance(0.5)) return [this.#ancient()];
    const kind = this.#prng.below(4);
    if (kind === 0) return [this.#forged()];
    if (kind === 1) return [this.#own(0, true), this.#own(-20_000, true)];
    const replays = this.#overheard.slice(0, 20).map(bytesOf);
    return kind === 2 ? replays : [...replays.slice(0, 2), this.#own(3_600_000, true)];
  }

  #payload(name: Gossiped["name"]): Bytes {
    const old = this.#overheard.length === 0 ? undefined : this.#prng.pick(this.#overheard.filter(isWhole));
    switch (name) {
      case "forged":
        return encodeGossip([this.#forged()]);
      case "otherNetwork":
        return encodeGossip([this.#batch(0, toHex(this.#prng.bytes(32)) as NetworkId, this.#signer)]);
      case "future":
        return encodeGossip([this.#own(60_000 + this.#prng.below(600_000), true)]);
      case "farFuture":
        return encodeGossip([this.#pushedFar()]);
      case "belowFloor":
        return encodeGossip([this.#own(-40 * dayMs, true)]);
      case "replay":
        return encodeGossip([old === undefined ? this.#own(0, true) : bytesOf(old)]);
      case "resigned":
        return encodeGossip([old === undefined ? this.#forged() : this.#resigned(old)]);
      case "mixed":
        return encodeGossip([...(old === undefined ? [] : [this.#resigned(old)]), this.#own(0, true)]);
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
    return this.#batch(aheadMs, this.#setting.networkId, this.#signer);
  }

  /** An entry from before the horizon, on a key that nobody has. */
  #ancient(): Bytes {
    this.#sequence += 1;
    const op = { ...this.#op(), key: `old${this.#sequence}` };
    return this.#batch(-40 * dayMs, this.#setting.networkId, this.#signer, op);
  }

  /** A batch that names a victim as its author. */
  #forged(): Bytes {
    const author = this.#prng.pick(this.#victims);
    return this.#batch(0, this.#setting.networkId, { author, sign: () => this.#prng.bytes(64) });
  }

  /** A real batch with another signature under the same header. */
  #resigned(parcel: Parcel): Bytes {
    const signedHeader = concat([parcel.signedHeader.subarray(0, headerBytes), this.#prng.bytes(64)]);
    return bytesOf({ ...parcel, signedHeader });
  }

  /** Claims to replace a version from the end of time, which pushes its own stamp there. */
  #pushedFar(): Bytes {
    this.#sequence += 1;
    const replaces = {
      stamp: (Number.MAX_SAFE_INTEGER - this.#prng.below(2)) as Stamp,
      batch: toHex(this.#prng.bytes(32)) as never,
    };
    return this.#batch(0, this.#setting.networkId, this.#signer, { ...this.#op(), replaces });
  }

  #batch(aheadMs: number, network: NetworkId, signer: Signer, op: Op = this.#op()): Bytes {
    const wall = (worldBegan + Math.floor(this.#setting.queue.now) + aheadMs) as Instant;
    const numbers = {
      network,
      incarnation: this.#incarnation,
      sequence: this.#sequence + 1,
      stamp: (wall * 1_000 + this.#prng.below(1_000)) as Stamp,
    };
    const made = makeBatch([op], numbers, signer);
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
