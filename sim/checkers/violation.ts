/** A promise that was broken, with the facts that show it. */
export type Promised =
  | "1 acknowledged writes survive"
  | "2 equal sets have equal roots"
  | "3 deleted keys stay deleted"
  | "4 nobody writes in another's name"
  | "5 every question is answered once"
  | "6 nothing grows without bound"
  | "7 no step fails"
  | "8 the innocent are not blamed"
  | "9 the healed network converges"
  | "10 shared means held by others"
  | "11 a number names one batch"
  | "12 a frontier tells the truth"
  | "13 what is stamped ahead waits"
  | "14 whoever closes a link says why"
  | "15 what is forgotten does not travel";

export class Violation extends Error {
  override readonly name = "Violation";
  readonly promise: Promised;
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(promise: Promised, message: string, facts: Readonly<Record<string, unknown>> = {}, cause?: unknown) {
    super(`promise ${promise}: ${message}`, cause === undefined ? undefined : { cause });
    this.promise = promise;
    this.facts = facts;
  }
}
