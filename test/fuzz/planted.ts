/** A reader with a fault behind four bytes that are compared one by one: blind mutations would have to guess all four at once. */
import type { Bytes } from "../../src/base/bytes.ts";

export function openSesame(bytes: Bytes): string {
  if (bytes[0] !== 0xc5) return "first";
  if (bytes[1] !== 0x3a) return "second";
  if (bytes[2] !== 0x91) return "third";
  if (bytes[3] !== 0x6e) return "fourth";
  throw new Error("the planted fault");
}
