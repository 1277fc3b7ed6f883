/** A reader with a fault behind four bytes that are judged one by one: blind mutations would have to guess all four at once. */
import type { Bytes } from "../../src/base/bytes.ts";

/** No number in here is one of the bytes that lead on, so no dictionary helps. */
export function openSesame(bytes: Bytes): string {
  if (mixed(bytes[0]) !== 17) return "first";
  if (mixed(bytes[1]) !== 91) return "second";
  if (mixed(bytes[2]) !== 140) return "third";
  if (mixed(bytes[3]) !== 233) return "fourth";
  throw new Error("the planted fault");
}

function mixed(byte: number | undefined): number {
  return ((byte ?? 0) * 37 + 101) % 256;
}
