/** Turning a caller's write into the replica's terms, and the replica's outcome into the caller's. */
import { Fault } from "../base/fault.ts";
import { ttlSecondsMax } from "../codec/limits.ts";
import type { Outcome } from "../core/effects.ts";
import type { Wish, WrittenOp } from "../core/replica/inputs.ts";
import type { Receipt, WriteOp, WriteOptions } from "./facade.ts";

/** Source: contract of `WriteOptions`. */
const copiesMax = 50;
const sharedTimeoutMsMax = 600_000;
const sharedTimeoutMsDefault = 5_000;

/** Throws `invalid_argument` naming the argument. Values are copied. */
export function writtenOps(ops: readonly WriteOp[], options: WriteOptions): readonly WrittenOp[] {
  return ops.map((op) => {
    if (typeof op.key !== "string") throw new Fault("invalid_argument", `a key is a string, not ${typeof op.key}`);
    if (op.type === "delete") return { type: "delete", key: op.key };
    if (!(op.value instanceof Uint8Array))
      throw new Fault(
        "invalid_argument",
        `the value of ${JSON.stringify(op.key.slice(0, 64))} is not a Uint8Array; text goes through new TextEncoder().encode`,
      );
    const ttlSeconds = op.ttlSeconds ?? options.ttlSeconds;
    if (ttlSeconds !== undefined) check("ttlSeconds", ttlSeconds, 1, ttlSecondsMax);
    return { type: "put", key: op.key, value: op.value.slice(), ttlSeconds }; // the caller may use its buffer again at once
  });
}

/** Throws `invalid_argument` naming the option and its range. */
export function wishOf({ certainty = "local", copies = 1, timeoutMs = sharedTimeoutMsDefault }: WriteOptions): Wish {
  if (certainty === "local") return { type: "local" };
  check("copies", copies, 1, copiesMax);
  check("timeoutMs", timeoutMs, 1, sharedTimeoutMsMax);
  return { type: "shared", copies, timeoutMs };
}

/** The receipt, or a thrown `Fault` with the refusal's code, or `not_shared`. */
export function receiptOf(outcome: Outcome, { certainty = "local", copies = 1 }: WriteOptions): Receipt {
  switch (outcome.type) {
    case "written":
      return { batch: outcome.batch, stamp: outcome.stamp, certainty, holders: outcome.holders };
    case "notShared": {
      const { batch, stamp, holders, missing } = outcome;
      throw new Fault(
        "not_shared",
        `${holders.length} of ${copies} members confirmed in time; the write is durable here and still spreading`,
        { batch, stamp, holders, missing, copies },
      );
    }
    case "refused":
      throw new Fault(outcome.code, outcome.message);
    case "repaired":
    case "aside":
    case "asked":
    case "holders":
    case "proof":
    case "peerRules":
    case "partitions":
    case "prefixAsked":
    case "prefixAnswers":
    case "views":
    case "done":
      throw new Fault("internal", `an answer of another kind: ${outcome.type}`);
  }
}

/** The fault of a request that was not done. */
export function refusalOf(outcome: Outcome): Fault {
  return outcome.type === "refused"
    ? new Fault(outcome.code, outcome.message)
    : new Fault("internal", `an answer of another kind: ${outcome.type}`);
}

function check(name: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max)
    throw new Fault("invalid_argument", `${name} is a whole number from ${min} to ${max}, not ${value}`, {
      name,
      min,
      max,
    });
}
