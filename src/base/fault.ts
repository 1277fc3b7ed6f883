/**
 * An operation that failed for its caller: a stable code, words for people, and plain data.
 * Callers match on `code`, never on the text. The table of codes is in `node/fault-codes.ts`.
 */
export class Fault extends Error {
  override readonly name = "Fault";
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, details: Readonly<Record<string, unknown>> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = details;
  }
}
