/**
 * What listeners of a node are told. Low rate: no event per entry.
 */
import type { Instant, PeerId } from "../base/brand.ts";
import type { Note } from "../core/notes.ts";

/** What each type of event tells, as plain data. Facts of the replica are told as it notes them. */
export type EventDetails = {
  readonly [Type in Note["type"]]: Omit<Extract<Note, { readonly type: Type }>, "type">;
} & {
  /** The node itself came to another state. */
  readonly nodeState: { readonly state: string };
  /** The configuration was read again; keys of the settings that changed, by what became of them. */
  readonly configReloaded: {
    readonly applied: readonly string[];
    readonly restart: readonly string[];
    readonly refused: readonly string[];
  };
  /** The memory in use has come to another level of `limits.max_memory`. */
  readonly memoryRoomChanged: {
    readonly state: "ok" | "slowing" | "refusing";
    readonly usedBytes: number;
    readonly limitBytes: number;
  };
  /** A peer's connection came to another state; `durationMs` is how long the last one took. */
  readonly peerState: {
    readonly peer: PeerId | undefined;
    readonly address: string | undefined;
    readonly from: string;
    readonly to: string;
    readonly durationMs: number;
    readonly reason: string | undefined;
  };
};

/** The name of a kind of event. */
export type EventType = keyof EventDetails;

/** One of the events of these types, told apart by `type`. */
export type NodeEvent<Type extends EventType = EventType> = {
  [Each in Type]: { readonly type: Each; readonly at: Instant; readonly detail: EventDetails[Each] };
}[Type];
