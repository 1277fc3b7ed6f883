/** An address at which a peer may be dialed; kept on disk, one row for each address. */
import type { Instant, PeerId } from "../base/brand.ts";

export interface KnownAddress {
  readonly address: string;
  readonly peer: PeerId;
  /** `new` where it was only told of, `tried` where a link to that peer was admitted once. */
  readonly table: "new" | "tried";
  /** The network that told of it, so that one teller fills no more than its share of places. */
  readonly toldBy: string;
  readonly addedAt: Instant;
  /** When a link to the peer was last admitted there. */
  readonly linkedAt: Instant | undefined;
  /** A link of this node's own dialing stood there when it was last written: it is dialed first after a start. */
  readonly anchor: boolean;
}
