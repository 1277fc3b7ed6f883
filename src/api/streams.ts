/**
 * Server-sent events: a bounded number of streams, each written only as fast as its client
 * reads, with heartbeats while nothing happens. A client that reads nothing for too long is told
 * so, for the case that it still does, and cut; it can come back with its last event's id.
 *
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
import type { ServerResponse } from "node:http";
import { Fault } from "../base/fault.ts";
import { commonHeaders, faultView } from "./answers.ts";

export interface StreamLimits {
  readonly streamsMax: number;
  readonly heartbeatMs: number;
  readonly stalledStreamMs: number;
}

export interface StreamEvent {
  readonly id?: string;
  readonly data: unknown;
}

export interface EventSource {
  readonly events: AsyncIterable<StreamEvent>;
  /** Where a client can go on later, also before the first event and while others' events are passed over. */
  cursor?(): string;
}

/** Makes the events; they end when `signal` says that the client has gone or the server closes. What it throws is the answer. */
export type StreamSource = (signal: AbortSignal) => EventSource;

export class Streams {
  readonly #limits: StreamLimits;
  readonly #open = new Set<AbortController>();

  constructor(limits: StreamLimits) {
    this.#limits = limits;
  }

  /** Throws `overloaded` before anything is written; resolves when the stream is over. */
  async serve(outgoing: ServerResponse, source: StreamSource): Promise<void> {
    if (this.#open.size >= this.#limits.streamsMax) {
      throw new Fault("overloaded", `This node serves at most ${this.#limits.streamsMax} streams at once.`, {
        streamsMax: this.#limits.streamsMax,
      });
    }
    const gone = new AbortController();
    this.#open.add(gone);
    outgoing.once("close", () => gone.abort());
    let heartbeat: NodeJS.Timeout | undefined;
    try {
      const opened = source(gone.signal);
      heartbeat = setInterval(() => {
        if (outgoing.writableLength === 0) outgoing.write(`: heartbeat\n\n${cursorFrame(opened)}`);
      }, this.#limits.heartbeatMs);
      await this.#run(outgoing, opened, gone.signal);
    } finally {
      clearInterval(heartbeat);
      this.#open.delete(gone);
      gone.abort();
    }
    outgoing.end();
    const cut = setTimeout(() => outgoing.destroy(), this.#limits.heartbeatMs); // time for the last words
    outgoing.once("close", () => clearTimeout(cut));
  }

  /** Ends every stream, as a shutdown does. */
  closeAll(): void {
    for (const stream of this.#open) stream.abort();
  }

  async #run(outgoing: ServerResponse, source: EventSource, signal: AbortSignal): Promise<void> {
    const events = source.events[Symbol.asyncIterator]();
    const start = cursorFrame(source);
    const first = events.next(); // subscribes before the client is told that it watches
    first.catch(() => undefined); // awaited below
    outgoing.writeHead(200, { ...commonHeaders, "content-type": "text/event-stream", "x-accel-buffering": "no" });
    outgoing.write(`retry: 1000\n\n${start}`);
    try {
      for (
        let next = await unlessGone(first, signal);
        next !== undefined && next.done !== true;
        next = await unlessGone(events.next(), signal)
      ) {
        if (!outgoing.write(frameOf(next.value))) await this.#drained(outgoing, signal);
      }
    } catch (error) {
      outgoing.write(`event: fault\ndata: ${JSON.stringify(faultView(error))}\n\n`);
    } finally {
      void events.return?.()?.catch(() => undefined); // the stream is over; how its source ends has no reader
    }
  }

  #drained(outgoing: ServerResponse, signal: AbortSignal): Promise<void> {
    const { stalledStreamMs } = this.#limits;
    return new Promise((resolve, reject) => {
      const cut = setTimeout(() => {
        reject(new Fault("slow_consumer", `Nothing was read for ${stalledStreamMs / 1_000} s.`, { stalledStreamMs }));
        done();
      }, stalledStreamMs);
      const done = (): void => {
        clearTimeout(cut);
        outgoing.off("drain", done);
        signal.removeEventListener("abort", done);
        resolve(); // nothing more where it was rejected
      };
      outgoing.once("drain", done);
      signal.addEventListener("abort", done);
      if (signal.aborted) done();
    });
  }
}

function unlessGone<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const gone = (): void => resolve(undefined);
    if (signal.aborted) gone();
    signal.addEventListener("abort", gone, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", gone));
  });
}

/** An id without data: no event, but what the client will ask to go on behind. */
function cursorFrame({ cursor }: EventSource): string {
  return cursor === undefined ? "" : `id: ${cursor()}\n\n`;
}

function frameOf({ id, data }: StreamEvent): string {
  return `${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}
