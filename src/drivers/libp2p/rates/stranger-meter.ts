/**
 * What comes from addresses before anybody there is admitted: connections, bytes and the processor
 * time they cost, by address and together. Pure, like the meter of a peer. Who is admitted does not
 * count here any more, so a flood of strangers slows strangers only.
 */
import { parseIp, neighbourhoodOf } from "../../../base/ip-range.ts";
import {
  addressesMax,
  connectionRate,
  connectionsRate,
  failedConnectionCost,
  strangerBytesRate,
  strangerProcessorMsRate,
  strangersProcessorMsRate,
} from "./limits.ts";
import { TokenBucket } from "./token-bucket.ts";

interface Buckets {
  readonly connections: TokenBucket;
  readonly bytes: TokenBucket;
  readonly processorMs: TokenBucket;
}

export class StrangerMeter {
  readonly #byAddress = new Map<string, Buckets>();
  readonly #connections: TokenBucket;
  readonly #processorMs: TokenBucket;

  constructor(now: number) {
    this.#connections = new TokenBucket(connectionsRate, now);
    this.#processorMs = new TokenBucket(strangersProcessorMsRate, now);
  }

  /** Whether one more connection from there may begin. */
  connects(address: string, now: number): boolean {
    const { connections } = this.#of(address, now);
    return connections.level(now) >= 1 && this.#connections.tryTake(1, now) && connections.tryTake(1, now);
  }

  /** A connection from there ended without an admission. */
  failed(address: string, now: number): void {
    this.#of(address, now).connections.take(failedConnectionCost - 1, now);
  }

  /** Counts what came over connections that are not admitted; answers for how many ms not to read this one. */
  slow(address: string, input: { readonly bytes: number; readonly processorMs: number }, now: number): number {
    const { bytes, processorMs } = this.#of(address, now);
    return Math.max(
      bytes.take(input.bytes, now),
      processorMs.take(input.processorMs, now),
      this.#processorMs.take(input.processorMs, now),
    );
  }

  get addresses(): number {
    return this.#byAddress.size;
  }

  #of(address: string, now: number): Buckets {
    const key = ownerOf(address);
    let buckets = this.#byAddress.get(key);
    if (buckets === undefined) {
      if (this.#byAddress.size >= addressesMax) this.#forget(now);
      buckets = {
        connections: new TokenBucket(connectionRate, now),
        bytes: new TokenBucket(strangerBytesRate, now),
        processorMs: new TokenBucket(strangerProcessorMsRate, now),
      };
      this.#byAddress.set(key, buckets);
    }
    return buckets;
  }

  /** A full bucket remembers nothing; where none is full, the address that was new first gives way. */
  #forget(now: number): void {
    for (const [key, { connections, bytes, processorMs }] of this.#byAddress) {
      if (connections.isFull(now) && bytes.isFull(now) && processorMs.isFull(now)) this.#byAddress.delete(key);
    }
    const [oldest] = this.#byAddress.keys();
    if (this.#byAddress.size >= addressesMax && oldest !== undefined) this.#byAddress.delete(oldest);
  }
}

/** An address of IPv4, or the network of one of IPv6: there single addresses cost nothing. */
function ownerOf(address: string): string {
  const ip = parseIp(address);
  if (ip === undefined) return address;
  return ip.length === 4 ? ip.join(".") : neighbourhoodOf(ip);
}
