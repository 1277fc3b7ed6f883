/**
 * Damage done to a valid message: one to four of flips, cuts, insertions, repeats, splices with
 * another message, and integers overwritten by numbers that decoders stumble over. All integers of
 * our formats are big-endian, so an overwritten one is a plausible length, count or index.
 */
import { type Bytes, concat } from "../../src/base/bytes.ts";
import type { Prng } from "../../src/base/prng.ts";

type Mutation = (bytes: Bytes, other: Bytes, prng: Prng) => Bytes;

const nastyIntegers = [
  0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 1_000, 1_001, 0x7fff, 0xffff, 0x1_0000, 0x7fff_ffff, 0xffff_ffff,
];

const mutations: readonly Mutation[] = [
  function flipBit(bytes, _other, prng) {
    const at = prng.below(bytes.length);
    return bytes.map((byte, index) => (index === at ? byte ^ (1 << prng.below(8)) : byte));
  },
  function setByte(bytes, _other, prng) {
    const at = prng.below(bytes.length);
    return bytes.map((byte, index) => (index === at ? prng.below(256) : byte));
  },
  function truncate(bytes, _other, prng) {
    return bytes.subarray(0, prng.below(bytes.length));
  },
  function insert(bytes, _other, prng) {
    const at = prng.below(bytes.length + 1);
    return concat([bytes.subarray(0, at), prng.bytes(1 + prng.below(40)), bytes.subarray(at)]);
  },
  function remove(bytes, _other, prng) {
    const at = prng.below(bytes.length);
    return concat([bytes.subarray(0, at), bytes.subarray(at + 1 + prng.below(40))]);
  },
  function repeat(bytes, _other, prng) {
    const at = prng.below(bytes.length);
    const part = bytes.subarray(at, at + 1 + prng.below(64));
    return concat([bytes.subarray(0, at), part, bytes.subarray(at)]);
  },
  function splice(bytes, other, prng) {
    return concat([bytes.subarray(0, prng.below(bytes.length)), other.subarray(prng.below(other.length + 1))]);
  },
  function editLength(bytes, _other, prng) {
    const width = prng.pick([1, 2, 4, 8]);
    if (bytes.length < width) return bytes;
    const edited = bytes.slice();
    const view = new DataView(edited.buffer, edited.byteOffset, edited.length);
    const at = prng.below(bytes.length - width + 1);
    if (width === 8) view.setUint32(at, prng.pick([0, 0x1f_ffff, 0x20_0000, 0xffff_ffff]));
    const value = prng.pick(nastyIntegers);
    if (width === 1) view.setUint8(at, value & 0xff);
    if (width === 2) view.setUint16(at, value & 0xffff);
    if (width === 4) view.setUint32(at, value);
    if (width === 8) view.setUint32(at + 4, value);
    return edited;
  },
  /** Off by one is what length checks get wrong. */
  function nudgeByte(bytes, _other, prng) {
    const at = prng.below(bytes.length);
    const by = prng.chance(0.5) ? 1 : 255;
    return bytes.map((byte, index) => (index === at ? byte + by : byte));
  },
];

export function mutated(valid: Bytes, other: Bytes, prng: Prng): Bytes {
  let bytes = valid;
  for (let left = 1 + prng.below(4); left > 0 && bytes.length > 0; left--)
    bytes = prng.pick(mutations)(bytes, other, prng);
  return bytes;
}
