/** The kinds of attack: what one attacker does, how often, and what the rate counts. */

export interface Kind {
  readonly name: string;
  /** What one unit of the rate is. */
  readonly unit: string;
  /** Units in a second of an attacker that is alone, and of each of fifty. */
  readonly perSecond: { readonly alone: number; readonly each: number };
}

export const kinds = [
  { name: "garbage", unit: "frames of 1 KiB", perSecond: { alone: 1_000, each: 100 } },
  { name: "topics", unit: "unknown topics", perSecond: { alone: 5_000, each: 500 } },
  { name: "grafts", unit: "grafts and prunes", perSecond: { alone: 5_000, each: 500 } },
  { name: "empty", unit: "empty gossip entries", perSecond: { alone: 50_000, each: 5_000 } },
  { name: "streams", unit: "streams opened and reset", perSecond: { alone: 2_000, each: 200 } },
  { name: "slow", unit: "handshakes of a byte a second", perSecond: { alone: 10, each: 1 } },
  { name: "giant", unit: "KiB of a frame of 4 GiB", perSecond: { alone: 16_384, each: 1_024 } },
  { name: "window", unit: "KiB in frames of twice the window", perSecond: { alone: 16_384, each: 1_024 } },
  { name: "signatures", unit: "batches with a bad signature", perSecond: { alone: 500, each: 50 } },
  { name: "handshakes", unit: "connections with a handshake", perSecond: { alone: 50, each: 5 } },
] as const satisfies readonly Kind[];

export type KindName = (typeof kinds)[number]["name"];

/** One process's share of an attack. */
export interface Order {
  readonly kind: KindName;
  /** Multiaddr with the peer id. */
  readonly target: string;
  /** Hex of the network's id. */
  readonly network: string;
  /** One attacker each; the addresses they come from. */
  readonly from: readonly string[];
  /** Of one attacker. */
  readonly perSecond: number;
  readonly seconds: number;
}

/** What a process of attackers found. */
export interface Report {
  /** Time from the first hostile byte of a connection until its end by the other side, in ms. */
  readonly cutAfterMs: readonly number[];
  /** Connections that the other side had not ended when the attack was over, though 5 s old. */
  readonly uncut: number;
  /** Connections that did not come about, or were ended before the attack could begin. */
  readonly refused: number;
  /** Units sent. */
  readonly sent: number;
}
