/**
 * Names for plain values that must not be mixed up. A brand exists only for the compiler.
 */
declare const brand: unique symbol;
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** A point in time of one node's wall clock, in milliseconds since 1970-01-01 UTC. */
export type Instant = Brand<number, "Instant">;

/** A span of time in milliseconds. */
export type Millis = number;

/**
 * A libp2p peer id in its text form (`12D3Koo…`). Every id in this system is an Ed25519
 * identity, so it is one-to-one with the 32-byte public key of an author.
 */
export type PeerId = Brand<string, "PeerId">;

/** The hash of a batch header, as 64 lower-case hex digits. */
export type BatchId = Brand<string, "BatchId">;

/** The raw Ed25519 public key (32 bytes) of a writer, as 64 lower-case hex digits. */
export type Author = Brand<string, "Author">;

/** Random number drawn when a store is created or restored, as 16 lower-case hex digits. */
export type Incarnation = Brand<string, "Incarnation">;

/**
 * Hybrid logical time of a write: microseconds since 1970-01-01 UTC, pushed forward where a
 * write must come after another. A safe integer until the year 2255; 8 bytes on the wire.
 */
export type Stamp = Brand<number, "Stamp">;

/** SHA-256 of the network's descriptor, as 64 lower-case hex digits. */
export type NetworkId = Brand<string, "NetworkId">;

/**
 * The time of a step: the wall clock, which may jump and which stamps are made of, and the
 * monotonic clock, which never goes back and which all waits are measured by.
 */
export interface Time {
  readonly wall: Instant;
  readonly mono: Millis;
}
