/** Targets that read text and refuse with a fault: what the two have in common. */
import { type Bytes, utf8Encode } from "../../../src/base/bytes.ts";
import { assert } from "../../../src/base/assert.ts";
import { Fault } from "../../../src/base/fault.ts";
import type { Prng } from "../../../src/base/prng.ts";
import { type Decoding, type Target, fastBatch, refusedAs } from "../target.ts";

export interface TextReader {
  readonly name: string;
  readonly group: string;
  readonly covers: readonly string[];
  readonly batch?: number;
  valid(prng: Prng): string;
  /** The longest there may be. */
  readonly longest: string;
  /** Returns the outcome, with what the text would be written as where it has one form. */
  read(text: string): { readonly outcome: string; readonly again?: string };
}

/** A text is right, or refused by a fault with one of these codes; everything else is a bug. */
const refusals = ["invalid_argument", "invalid_config", "invalid_key", "data_dir_unusable", "invalid_address"];

export function textTarget({ name, group, covers, batch = fastBatch, valid, longest, read }: TextReader): Target {
  const look = (bytes: Bytes): Decoding => {
    const text = Buffer.from(bytes).toString("utf8");
    return refusing(() => {
      const { outcome, again } = read(text);
      assert(again === undefined || again === text, "a text that is accepted is written as it was read");
      return { outcome, again: undefined };
    });
  };
  return {
    name,
    group,
    covers,
    batch,
    valid: (prng) => utf8Encode(valid(prng)),
    heaviest: () => [utf8Encode(longest)],
    decode: look,
    look,
  };
}

export function refusing(act: () => Decoding): Decoding {
  try {
    return act();
  } catch (error) {
    if (error instanceof Fault && refusals.includes(error.code)) return refusedAs(error.code);
    throw error;
  }
}

/** Undefined is a refusal. */
export function okOr(value: unknown, code = "refused"): { readonly outcome: string } {
  return { outcome: value === undefined ? code : "ok" };
}
