/** Texts on the wire: UTF-8 with a length before it, of 1 byte or of 2. */
import { type Bytes, utf8Decode, utf8Encode } from "../base/bytes.ts";
import type { ByteReader } from "./byte-io.ts";

/** Fails the reader where the text is longer than may be, or no UTF-8. */
export function readText(reader: ByteReader, length: number, lengthMax: number): string {
  if (length > lengthMax) reader.fail();
  const text = utf8Decode(reader.bytes(length));
  if (text === undefined) reader.fail();
  return text ?? "";
}

/** UTF-8 of the longest beginning that fits; whole characters only. */
export function clipped(text: string, bytesMax: number): Bytes {
  let characters = [...text.toWellFormed()];
  let bytes = utf8Encode(characters.join(""));
  while (bytes.length > bytesMax) {
    characters = characters.slice(0, Math.max(0, characters.length - Math.ceil((bytes.length - bytesMax) / 4)));
    bytes = utf8Encode(characters.join(""));
  }
  return bytes;
}
