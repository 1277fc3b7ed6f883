/** What a check of the network looks at, and what it finds. */
import type { PeerId } from "../base/brand.ts";
import type { Direction } from "../ports/network.ts";

/** One link as far as it tells of reachability. */
export interface SeenLink {
  readonly peer: PeerId;
  readonly direction: Direction;
  /** Where the peer is, as seen from here. */
  readonly address: string;
  /** Where we are, as the peer says it sees us; undefined until it told, or where the link is over. */
  readonly observed: string | undefined;
  readonly standing: boolean;
}

/** One thing that was looked at. */
export interface NetworkFinding {
  readonly name: string;
  readonly status: "ok" | "degraded";
  /** What is wrong and what to do, or what was seen. */
  readonly message: string;
}
