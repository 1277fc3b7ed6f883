/**
 * How urgent a frame is, by its protocol and its first byte, which names the message. Frames of one
 * protocol and one priority keep their order; a more urgent one overtakes.
 *
 * What one side asks and what it answers are apart: questions and the word `more` overtake the parcels of a
 * pull or walk that this side serves, since they are of other sessions. All that belongs to a served session
 * (its parcels, what is superseded, `done`, answers of a walk) is bulk, because there the order counts.
 */
import type { Bytes } from "../base/bytes.ts";
import type { LinkProtocol } from "./link-protocols.ts";

/** The most urgent first. */
export const priorities = ["control", "urgent", "normal", "bulk"] as const;

export type Priority = (typeof priorities)[number];

/** Of frontier/1: parcels, superseded, done, serving; and fresh, of which nothing that is served depends. */
const bulkOfFrontier: readonly number[] = [0x02, 0x03, 0x04, 0x08, 0x09];
/** Of walk/1: opened, answer, parcels, ended. */
const servedByWalk: readonly number[] = [0x02, 0x04, 0x05, 0x08];

export function priorityOf(protocol: LinkProtocol, frame: Bytes): Priority {
  switch (protocol) {
    case "admit":
    case "peers":
      return "control";
    case "ack":
      return "urgent";
    case "frontier":
      return bulkOfFrontier.includes(frame[0] ?? 0) ? "bulk" : "normal";
    case "walk":
      return servedByWalk.includes(frame[0] ?? 0) ? "bulk" : "normal";
  }
}
