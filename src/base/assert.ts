/**
 * Stops the program on a programmer's error. Never used for input from outside: a peer, a file
 * or a user that is wrong gets a `Result` or a thrown error with a code.
 */
export function assert(condition: boolean, factThatMustHold: string): asserts condition {
  if (!condition) throw new AssertionError(factThatMustHold);
}

/** Marks a branch the compiler has proven unreachable. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable case: ${JSON.stringify(value)}`);
}

export class AssertionError extends Error {
  override readonly name = "AssertionError";
}
