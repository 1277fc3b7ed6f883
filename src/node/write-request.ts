/** Turning a caller's write into the replica's terms, and the replica's outcome into the caller's. */
import { Fault } from "../base/fault.ts";
import { ttlSecondsMax } from "../codec/limits.ts";
import { etagOf } from "../core/data/version.ts";
import type { Outcome } from "../core/effects.ts";
import type { Condition, Wish, WrittenOp } from "../core/replica/inputs.ts";
import type { Receipt, WriteConditions, WriteOp, WriteOptions } from "./facade.ts";

/** Source: contract of `WriteOptions`. */
const copiesMax = 50;
const sharedTimeoutMsMax = 600_000;
const sharedTimeoutMsDefault = 5_000;
/** Versions one condition names. Guess: a client that knows more than a few is confused. */
const etagsMax = 64;

/** Throws `invalid_argument` naming the argument. Values are copied. */
export function writtenOps(ops: readonly WriteOp[], options: WriteOptions): readonly WrittenOp[] {
  return ops.map((op) => {
    if (typeof op.key !== "string") throw new Fault("invalid_argument", `a key is a string, not ${typeof op.key}`);
    const condition = conditionOf(op);
    if (op.type === "delete") return { type: "delete", key: op.key, condition };
    if (!(op.value instanceof Uint8Array))
      throw new Fault(
        "invalid_argument",
        `the value of ${JSON.stringify(op.key.slice(0, 64))} is not a Uint8Array; text goes through new TextEncoder().encode`,
      );
    const ttlSeconds = op.ttlSeconds ?? options.ttlSeconds;
    if (ttlSeconds !== undefined) check("ttlSeconds", ttlSeconds, 1, ttlSecondsMax);
    return { type: "put", key: op.key, value: op.value.slice(), ttlSeconds, condition }; // the caller may use its buffer again at once
  });
}

/** Those of a write of one key. */
export function conditionsIn({ ifMatch, ifNoneMatch }: WriteConditions): WriteConditions {
  return { ...(ifMatch !== undefined && { ifMatch }), ...(ifNoneMatch !== undefined && { ifNoneMatch }) };
}

function conditionOf({ ifMatch, ifNoneMatch }: WriteConditions): Condition | undefined {
  if (ifMatch !== undefined && ifNoneMatch !== undefined)
    throw new Fault("invalid_argument", "a write takes ifMatch or ifNoneMatch, not both");
  if (ifMatch !== undefined)
    return ifMatch === "*" ? { type: "present" } : { type: "version", etags: etagsOf(ifMatch) };
  if (ifNoneMatch === undefined) return undefined;
  return ifNoneMatch === "*" ? { type: "absent" } : { type: "otherVersion", etags: etagsOf(ifNoneMatch) };
}

function etagsOf(given: string | readonly string[]): readonly string[] {
  const etags = typeof given === "string" ? [given] : given;
  if (etags.length >= 1 && etags.length <= etagsMax && etags.every((etag) => typeof etag === "string" && etag !== "*"))
    return etags;
  throw new Fault("invalid_argument", `a condition names 1 to ${etagsMax} versions by their etags, or is "*"`);
}

/** Throws `invalid_argument` naming the option and its range. */
export function wishOf({ certainty = "local", copies = 1, timeoutMs = sharedTimeoutMsDefault }: WriteOptions): Wish {
  if (certainty === "local") return { type: "local" };
  check("copies", copies, 1, copiesMax);
  check("timeoutMs", timeoutMs, 1, sharedTimeoutMsMax);
  return { type: "shared", copies, timeoutMs };
}

/** The receipt, or a thrown `Fault` with the refusal's code, or `not_shared`. */
export function receiptOf(
  outcome: Outcome,
  ops: readonly WriteOp[],
  { certainty = "local", copies = 1 }: WriteOptions,
): Receipt {
  switch (outcome.type) {
    case "written": {
      const { batch, stamp, holders } = outcome;
      const isOnePut = ops.length === 1 && ops[0]?.type === "put"; // whose stamp is then the batch's latest
      return { batch, stamp, certainty, holders, ...(isOnePut && { etag: etagOf(outcome) }) };
    }
    case "preconditionFailed":
      throw preconditionFailed(outcome);
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

function preconditionFailed({ key, etag }: Extract<Outcome, { type: "preconditionFailed" }>): Fault {
  const there = etag === undefined ? "no value" : `version ${etag}`;
  return new Fault(
    "precondition_failed",
    `${JSON.stringify(key)} has ${there} on this node, which is not what the write expects; this compares with this node only, not with the whole network`,
    { key, etag: etag ?? null, comparedWith: "local" },
  );
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
