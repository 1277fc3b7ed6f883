/**
 * Damage done to an input: one to eight of flips, cuts, insertions, repeats, splices with another
 * input, words of a dictionary, and numbers overwritten by those that decoders stumble over: as
 * big-endian integers, as variable-length integers and in decimal. A length that stands before its
 * body is recognised by its value, so that both can be changed together.
 */
import { type Bytes, concat, utf8Encode } from "../../src/base/bytes.ts";
import type { Prng } from "../../src/base/prng.ts";

export interface Surroundings {
  /** Another input of the same target. */
  readonly other: Bytes;
  readonly dictionary: readonly Bytes[];
  readonly bytesMax: number;
}

type Mutation = (bytes: Bytes, around: Surroundings, prng: Prng) => Bytes;

const nastyIntegers = [
  0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 1_000, 1_001, 0x7fff, 0xffff, 0x1_0000, 0x7fff_ffff, 0xffff_ffff,
];
const nastyTexts = ["0", "-1", "1e9", "0x10", "00", "65536", "9007199254740991", "9007199254740992", "NaN"];
const nastyDecimals: readonly Bytes[] = nastyTexts.map((text) => utf8Encode(text));

const mutations: readonly Mutation[] = [
  function flipBit(bytes, _around, prng) {
    const edited = bytes.slice();
    const at = prng.below(bytes.length);
    edited[at] = (edited[at] as number) ^ (1 << prng.below(8));
    return edited;
  },
  function setByte(bytes, _around, prng) {
    const edited = bytes.slice();
    edited[prng.below(bytes.length)] = prng.below(256);
    return edited;
  },
  /** Off by one is what length checks get wrong. */
  function nudgeByte(bytes, _around, prng) {
    const edited = bytes.slice();
    const at = prng.below(bytes.length);
    edited[at] = (edited[at] as number) + prng.pick([1, 255]);
    return edited;
  },
  function truncate(bytes, _around, prng) {
    return bytes.subarray(0, prng.below(bytes.length));
  },
  function insert(bytes, _around, prng) {
    return replaced(bytes, prng.below(bytes.length + 1), 0, prng.bytes(1 + prng.below(40)));
  },
  function remove(bytes, _around, prng) {
    return replaced(bytes, prng.below(bytes.length), 1 + prng.below(40), nothing);
  },
  function repeat(bytes, _around, prng) {
    const at = prng.below(bytes.length);
    return replaced(bytes, at, 0, bytes.subarray(at, at + 1 + prng.below(64)));
  },
  function splice(bytes, { other }, prng) {
    return concat([bytes.subarray(0, prng.below(bytes.length)), other.subarray(prng.below(other.length + 1))]);
  },
  function copyOver(bytes, { other }, prng) {
    const from = prng.below(other.length + 1);
    const part = other.subarray(from, from + 1 + prng.below(32));
    return replaced(bytes, prng.below(bytes.length), part.length, part);
  },
  function overwriteWord(bytes, { dictionary }, prng) {
    if (dictionary.length === 0) return bytes;
    const word = prng.pick(dictionary);
    return replaced(bytes, prng.below(bytes.length), word.length, word);
  },
  function insertWord(bytes, { dictionary }, prng) {
    return dictionary.length === 0 ? bytes : replaced(bytes, prng.below(bytes.length + 1), 0, prng.pick(dictionary));
  },
  function overwriteInteger(bytes, _around, prng) {
    const width = prng.pick([1, 2, 4, 8]);
    if (bytes.length < width) return bytes;
    const value = bigEndian(prng.pick(nastyIntegers), width);
    if (width === 8 && prng.chance(0.5)) value.set(bigEndian(prng.pick([0x1f_ffff, 0x20_0000, 0xffff_ffff]), 4));
    return replaced(bytes, prng.below(bytes.length - width + 1), width, value);
  },
  function overwriteVarint(bytes, _around, prng) {
    const at = prng.below(bytes.length);
    return replaced(bytes, at, varintLength(bytes, at), varint(prng.pick(nastyIntegers) + prng.pick([0, 0, 2 ** 33])));
  },
  function overwriteDecimal(bytes, _around, prng) {
    const at = bytes.findIndex((byte, index) => isDigit(byte) && (index % 7 === 0 || prng.chance(0.3)));
    if (at < 0) return bytes;
    let end = at;
    while (end < bytes.length && isDigit(bytes[end] as number)) end++;
    return replaced(bytes, at, end - at, prng.pick(nastyDecimals));
  },
  /** Makes a body longer or shorter and lets its length say so. */
  function resizeBody(bytes, _around, prng) {
    const at = prng.below(bytes.length);
    const width = prng.pick([1, 2, 4]);
    const length = readBigEndian(bytes, at, width);
    const body = at + width;
    if (length === 0 || body + length > bytes.length) return bytes;
    const changed = prng.chance(0.5)
      ? replaced(bytes, body + prng.below(length), 0, prng.bytes(1))
      : replaced(bytes, body + prng.below(length), 1, nothing);
    return replaced(changed, at, width, bigEndian(length + changed.length - bytes.length, width));
  },
];

const nothing = new Uint8Array(0);

export function mutated(valid: Bytes, around: Surroundings, prng: Prng): Bytes {
  let bytes = valid;
  const times = 1 << prng.below(4);
  for (let i = 0; i < times && bytes.length > 0; i++) bytes = prng.pick(mutations)(bytes, around, prng);
  return bytes.length > around.bytesMax ? bytes.subarray(0, around.bytesMax) : bytes;
}

function replaced(bytes: Bytes, at: number, length: number, by: Bytes): Bytes {
  const end = Math.min(bytes.length, at + length);
  const result = new Uint8Array(at + by.length + bytes.length - end);
  result.set(bytes.subarray(0, at));
  result.set(by, at);
  result.set(bytes.subarray(end), at + by.length);
  return result;
}

function bigEndian(value: number, width: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(width);
  let rest = value;
  for (let i = width - 1; i >= 0; i--, rest = Math.floor(rest / 256)) bytes[i] = rest % 256;
  return bytes;
}

function readBigEndian(bytes: Bytes, at: number, width: number): number {
  let value = 0;
  for (let i = at; i < at + width; i++) value = value * 256 + (bytes[i] ?? 0);
  return value;
}

function varint(value: number): Bytes {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 0x80);
  return new Uint8Array([...bytes, rest]);
}

function varintLength(bytes: Bytes, at: number): number {
  let end = at;
  while (end < bytes.length - 1 && end - at < 9 && (bytes[end] as number) >= 0x80) end++;
  return end + 1 - at;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
