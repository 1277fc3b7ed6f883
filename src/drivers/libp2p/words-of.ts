/** The words of a caught value, for people: libraries throw errors with and without a message, and other things. */
export function wordsOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.message === "" ? cause.name : cause.message;
}
