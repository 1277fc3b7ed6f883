/**
 * Joins two streams at a relay: what comes on one goes out on the other, at no more than the rates,
 * until either ends or the circuit has had its share. A side that does not read stops the other.
 */
import type { Stream, StreamMessageEvent } from "@libp2p/interface";
import type { Millis } from "../../../base/brand.ts";
import type { Rate } from "../rates/limits.ts";
import { TokenBucket } from "../rates/token-bucket.ts";
import { circuitBytesMax, circuitBytesRate, circuitMsMax } from "./limits.ts";

/** Why a circuit ended. */
export type CircuitEnd = "closed" | "time" | "bytes";

export interface Splice {
  /** Both streams are gone, or about to be. */
  readonly ended: Promise<CircuitEnd>;
  end(): void;
}

/** What one circuit may have. */
export interface CircuitBounds {
  /** Bytes in both directions, after which it ends. */
  readonly bytesMax: number;
  readonly msMax: Millis;
  /** Of each direction; beyond it the sender waits. */
  readonly rate: Rate;
}

export const usualCircuit: CircuitBounds = { bytesMax: circuitBytesMax, msMax: circuitMsMax, rate: circuitBytesRate };

/** `shared` are the bytes of all circuits of this relay. */
export function splice(one: Stream, other: Stream, shared: TokenBucket, bounds: CircuitBounds): Splice {
  const { promise: ended, resolve } = Promise.withResolvers<CircuitEnd>();
  const timers = new Set<NodeJS.Timeout>();
  let bytesLeft = bounds.bytesMax;
  const finish = (why: CircuitEnd): void => {
    resolve(why); // before the streams end, which would give their own reason
    for (const timer of timers) clearTimeout(timer);
    for (const stream of [one, other]) stream.abort(new Error(`the circuit ended: ${why}`));
  };
  const later = (afterMs: number, work: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, afterMs);
    timers.add(timer.unref());
  };
  const pump = (from: Stream, to: Stream): void => {
    const own = new TokenBucket(bounds.rate, performance.now());
    const waits = { forTime: false, forRoom: false };
    const goOn = (): void => {
      if (!waits.forTime && !waits.forRoom && isReadable(from)) from.resume();
    };
    from.addEventListener("message", ({ data }: StreamMessageEvent) => {
      const bytes = data.byteLength;
      bytesLeft -= bytes;
      if (bytesLeft < 0) return finish("bytes");
      if (to.writeStatus !== "writable") return;
      try {
        waits.forRoom = !to.send(data);
      } catch {
        return finish("closed"); // its connection broke a moment ago
      }
      const now = performance.now();
      const waitMs = Math.max(own.take(bytes, now), shared.take(bytes, now));
      if (waitMs > 0 && !waits.forTime) {
        waits.forTime = true;
        later(waitMs, () => {
          waits.forTime = false;
          goOn();
        });
      }
      if ((waits.forTime || waits.forRoom) && isReadable(from)) from.pause();
    });
    to.addEventListener("drain", () => {
      waits.forRoom = false;
      goOn();
    });
    from.addEventListener("remoteCloseWrite", () => {
      to.close().catch(() => finish("closed"));
    });
    from.addEventListener("close", ({ error }) => {
      if (error !== undefined || to.status !== "open") finish("closed");
    });
  };
  pump(one, other);
  pump(other, one);
  later(bounds.msMax, () => finish("time"));
  return { ended, end: () => finish("closed") };
}

function isReadable(stream: Stream): boolean {
  return stream.readStatus === "readable" || stream.readStatus === "paused";
}
