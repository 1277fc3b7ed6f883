/**
 * Functions on byte arrays that need no platform: text forms, comparison, joining.
 * Base58 is the Bitcoin alphabet, as libp2p peer ids use it
 * (Source: https://datatracker.ietf.org/doc/html/draft-msporny-base58-03).
 */
declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}
declare class TextDecoder {
  constructor(label: string, options: { fatal: boolean; ignoreBOM: boolean });
  decode(bytes: Uint8Array): string;
}

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export type Bytes = Uint8Array;

export function utf8Encode(text: string): Uint8Array<ArrayBuffer> {
  return utf8Encoder.encode(text);
}

/** Bytes that `utf8Encode` makes of well-formed text. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) bytes += unit < 0x800 || isSurrogate(unit) ? 1 : 2; // a pair is four bytes
  }
  return bytes;
}

/** The order of two well-formed texts' bytes in UTF-8, without making them: −1, 0 or 1. */
export function compareUtf8(a: string, b: string): -1 | 0 | 1 {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const [left, right] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (left === right) continue;
    if (isSurrogate(left) !== isSurrogate(right)) return isSurrogate(left) ? 1 : -1; // pairs stand for what lies above all single units
    return left < right ? -1 : 1;
  }
  return a.length === b.length ? 0 : a.length < b.length ? -1 : 1;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

/** Text of well-formed UTF-8, or undefined where the bytes are not. */
export function utf8Decode(bytes: Bytes): string | undefined {
  try {
    return utf8Decoder.decode(bytes);
  } catch {
    return undefined; // the only thing a fatal decoder throws for is malformed input
  }
}

const hexDigits = utf8Encoder.encode("0123456789abcdef");
const hexScratch = new Uint8Array(128);

export function toHex(bytes: Bytes): string {
  const digits = bytes.length * 2 <= hexScratch.length ? hexScratch : new Uint8Array(bytes.length * 2);
  // By index: where the engine does not compile it, an iterator makes an object of 40 bytes for each byte.
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    digits[2 * i] = hexDigits[byte >> 4] as number;
    digits[2 * i + 1] = hexDigits[byte & 15] as number;
  }
  return utf8Decoder.decode(digits.subarray(0, 2 * bytes.length)); // one flat string; joined pieces take ten times the memory
}

/** Bytes of an even number of lower-case hex digits, or undefined. */
export function fromHex(hex: string): Uint8Array<ArrayBuffer> | undefined {
  if (hex.length % 2 !== 0) return undefined;
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    const high = digitOf(hex.charCodeAt(2 * i));
    const low = digitOf(hex.charCodeAt(2 * i + 1));
    if (high < 0 || low < 0) return undefined;
    bytes[i] = (high << 4) | low;
  }
  return bytes;
}

/** The value of a lower-case hex digit by its character code, or −1. */
function digitOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  return code >= 0x61 && code <= 0x66 ? code - 0x57 : -1;
}

export function concat(parts: readonly Bytes[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

export function equalBytes(a: Bytes, b: Bytes): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}

/** Order of unsigned bytes, the shorter first where one begins the other: −1, 0 or 1. */
export function compareBytes(a: Bytes, b: Bytes): -1 | 0 | 1 {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference < 0 ? -1 : 1;
  }
  return a.length === b.length ? 0 : a.length < b.length ? -1 : 1;
}

const base58Alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

export function toBase58(bytes: Bytes): string {
  const digits: number[] = [];
  for (const byte of bytes) {
    let carry = byte;
    for (let i = 0; i < digits.length; i++) {
      carry += (digits[i] as number) * 256;
      digits[i] = carry % 58;
      carry = Math.floor(carry / 58);
    }
    for (; carry > 0; carry = Math.floor(carry / 58)) digits.push(carry % 58);
  }
  let text = "";
  for (const byte of bytes) {
    if (byte !== 0) break;
    text += base58Alphabet.charAt(0);
  }
  for (let i = digits.length - 1; i >= 0; i--) text += base58Alphabet.charAt(digits[i] as number);
  return text;
}

/** Bytes of a base58 text of at most 128 characters, or undefined. */
export function fromBase58(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length > 128) return undefined; // quadratic work: a peer id has 52 characters
  const bytes: number[] = [];
  for (const character of text) {
    let carry = base58Alphabet.indexOf(character);
    if (carry < 0) return undefined;
    for (let i = 0; i < bytes.length; i++) {
      carry += (bytes[i] as number) * 58;
      bytes[i] = carry % 256;
      carry = Math.floor(carry / 256);
    }
    for (; carry > 0; carry = Math.floor(carry / 256)) bytes.push(carry % 256);
  }
  for (const character of text) {
    if (character !== base58Alphabet.charAt(0)) break;
    bytes.push(0);
  }
  return new Uint8Array(bytes.reverse());
}
