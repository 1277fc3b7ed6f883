/**
 * Reads a request body of bounded size. A declared length over the limit is refused before a
 * byte is read, an undeclared one as soon as it passes the limit; the rest is thrown away as it
 * comes, so that the client can finish and read the answer. All bodies together share one budget.
 */
import type { IncomingMessage } from "node:http";
import { Fault } from "../base/fault.ts";

export class BodyBudget {
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  take(bytes: number): void {
    if (this.#bytes + bytes > this.#bytesMax) {
      throw new Fault("overloaded", "Too many request bodies are being read at once.", { bytesMax: this.#bytesMax });
    }
    this.#bytes += bytes;
  }

  giveBack(bytes: number): void {
    this.#bytes -= bytes;
  }
}

export interface BodyLimit {
  readonly bytesMax: number;
  readonly code: "value_too_large" | "body_too_large";
}

/** Throws the limit's code, `overloaded`, or `invalid_argument` where the client broke off. */
export async function readBody(incoming: IncomingMessage, limit: BodyLimit, budget: BodyBudget): Promise<Uint8Array> {
  const declared = Number(incoming.headers["content-length"] ?? 0);
  if (declared > limit.bytesMax) throw tooLarge(limit, declared);
  const reserved = incoming.headers["content-length"] === undefined ? limit.bytesMax : declared;
  budget.take(reserved);
  try {
    return await collect(incoming, limit);
  } finally {
    budget.giveBack(reserved);
  }
}

function collect(incoming: IncomingMessage, limit: BodyLimit): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    incoming.on("data", (chunk: Uint8Array) => {
      bytes += chunk.length;
      if (bytes <= limit.bytesMax) {
        chunks.push(chunk);
      } else {
        chunks.length = 0;
        reject(tooLarge(limit, undefined));
      }
    });
    incoming.on("end", () =>
      resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)),
    );
    incoming.on("error", (error) => reject(brokenOff(error)));
    incoming.on("close", () => reject(brokenOff(undefined)));
  });
}

function tooLarge(limit: BodyLimit, bytes: number | undefined): Fault {
  const had = bytes === undefined ? "is longer than that" : `has ${bytes}`;
  return new Fault(limit.code, `The body may have at most ${limit.bytesMax} bytes; this one ${had}.`, {
    bytesMax: limit.bytesMax,
  });
}

function brokenOff(cause: unknown): Fault {
  return new Fault("invalid_argument", "The client broke off while sending the body.", {}, cause);
}
