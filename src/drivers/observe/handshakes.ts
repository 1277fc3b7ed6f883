/** Which notes tell of a handshake that failed: somebody was reached, and no admitted link came of it. */
import type { Note } from "../../core/notes.ts";
import type { DialFailure } from "../../ports/network.ts";

/** Failures of a dial that reached somebody. */
const reached: ReadonlySet<DialFailure> = new Set(["encryption", "protocol", "wrongPeer"]);
/** A link that ends so was not refused: another one to the same peer is kept, or somebody stops. */
const unrefused: ReadonlySet<string> = new Set(["duplicate", "shuttingDown"]);

/** The reason in one word, or undefined where the note tells of none. */
export function handshakeFailure(note: Note): string | undefined {
  if (note.type === "dialFailed") return reached.has(note.failure) ? note.failure : undefined;
  if (note.type !== "linkGone" || note.lastedMs !== undefined || unrefused.has(note.code)) return undefined;
  return note.code;
}
