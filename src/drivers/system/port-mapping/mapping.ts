/** What is asked of a router, in whatever language, and what it grants. */
import type { Gateway } from "./gateway.ts";

export interface MappingWish {
  readonly innerPort: number;
  /** Wished; the router may choose another. */
  readonly outerPort: number;
  /** 0 takes the mapping back. */
  readonly seconds: number;
}

/** Asks a router in one language; ends early, refused, when the signal comes. Throws `MappingRefused`. */
export type MapPort = (gateway: Gateway, wish: MappingWish, signal: AbortSignal) => Promise<Mapped>;

export interface Mapped {
  readonly outerAddress: string;
  readonly outerPort: number;
  /** For how long; 0 until it is taken back. */
  readonly seconds: number;
}

/** Why a router does not forward a port, in words. */
export class MappingRefused extends Error {
  override readonly name = "MappingRefused";
  /** The wished outer port belongs to somebody else. */
  readonly isTaken: boolean;

  constructor(words: string, isTaken = false) {
    super(words);
    this.isTaken = isTaken;
  }
}
