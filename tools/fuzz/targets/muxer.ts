/** What comes off a connection once it is encrypted: frames of yamux, as the guard in front of the library lets them through. */
import type { MessageStream, StreamMuxer } from "@libp2p/interface";
import { yamux } from "@libp2p/yamux";
import type { PeerId } from "../../../src/base/brand.ts";
import { assert } from "../../../src/base/assert.ts";
import { type Bytes, concat } from "../../../src/base/bytes.ts";
import type { Prng } from "../../../src/base/prng.ts";
import { ByteWriter } from "../../../src/codec/byte-io.ts";
import type { Carrier } from "../../../src/drivers/libp2p/carrier.ts";
import { Bandwidth } from "../../../src/drivers/libp2p/rates/bandwidth.ts";
import { InputWatch } from "../../../src/drivers/libp2p/rates/input-watch.ts";
import { muxerFrameBytesMax } from "../../../src/drivers/libp2p/rates/limits.ts";
import { guardMuxer } from "../../../src/drivers/libp2p/rates/muxer-guard.ts";
import { usualPeerRates } from "../../../src/drivers/libp2p/rates/peer-meter.ts";
import type { Target } from "../target.ts";

const peer = "12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf" as PeerId;
const headerBytes = 12;

interface Heard {
  /** Data of streams, in the order in which it came. */
  readonly data: readonly string[];
  /** Of what the peer is accused, or what the library threw. */
  readonly end: string;
}

type Fed = StreamMuxer & {
  onData(bytes: Bytes): void;
  readonly decoder: { readonly buffer: { readonly byteLength: number } };
};

function hear(chunks: readonly Bytes[]): Heard {
  const accused: string[] = [];
  const watch = new InputWatch(new Bandwidth(undefined, 0), usualPeerRates);
  const watched = watch.opened(silentCarrier(), "inbound");
  watch.linked(watched, peer);
  watched.onMisbehaved = (reason) => accused.push(reason);
  const muxer = yamux({ enableKeepAlive: false })().createStreamMuxer(deafConnection()) as unknown as Fed;
  guardMuxer(muxer, watched);
  const data: string[] = [];
  muxer.addEventListener("stream", ({ detail }) => {
    detail.addEventListener("message", (event) => data.push(Buffer.from(event.data.subarray()).toString("hex")));
  });
  const thrown = feed(muxer, chunks);
  muxer.abort(new Error("the input is over"));
  return { data, end: accused[0] ?? thrown ?? "ok" };
}

/** Until it throws, which ends a connection. */
function feed(muxer: Fed, chunks: readonly Bytes[]): string | undefined {
  try {
    for (const chunk of chunks) {
      muxer.onData(chunk);
      const { byteLength } = muxer.decoder.buffer;
      assert(byteLength < headerBytes + muxerFrameBytesMax, `${byteLength} bytes wait for the end of a frame`);
    }
    return undefined;
  } catch (error) {
    assert(
      error instanceof Error && !isBug(error),
      error instanceof Error ? String(error.stack) : "an error is thrown",
    );
    return error.name;
  }
}

function isBug(error: Error): boolean {
  return error instanceof TypeError || error instanceof RangeError || error.name === "AssertionError";
}

function silentCarrier(): Carrier {
  return new Proxy({ remoteAddress: "192.0.2.1" } as unknown as Carrier, {
    get: (carrier, name) => Reflect.get(carrier, name) ?? ((): void => undefined),
  });
}

/** A connection that takes whatever is sent. */
function deafConnection(): MessageStream {
  const log = Object.assign((): void => undefined, { error: (): void => undefined, trace: (): void => undefined });
  const scoped = Object.assign(log, { newScope: (): unknown => scoped });
  return Object.assign(new EventTarget(), {
    log: scoped,
    direction: "inbound",
    status: "open",
    send: (): boolean => true,
    abort: (): void => undefined,
  }) as unknown as MessageStream;
}

/** Some streams that are opened, written to, given credit, closed or reset; and pings. */
function anyFrames(prng: Prng): Bytes {
  const frame = (type: number, flag: number, stream: number, length: number, data: Bytes = new Uint8Array(0)): Bytes =>
    concat([new ByteWriter(headerBytes).u8(0).u8(type).u16(flag).u32(stream).u32(length).finish(), data]);
  const frames = Array.from({ length: 1 + prng.below(6) }, () => {
    const stream = prng.pick([1, 1, 3, 5, 2]);
    const flag = prng.pick([0, 0, 1, 2, 4, 8]);
    const data = prng.bytes(prng.below(20));
    return prng.pick([
      frame(1, 1, stream, 0),
      frame(0, flag, stream, data.length, data),
      frame(1, flag, stream, prng.below(2 ** 18)),
      frame(2, prng.pick([1, 2]), 0, prng.below(9)),
      frame(3, 0, 0, prng.below(3)),
    ]);
  });
  return concat(frames);
}

function look(bytes: Bytes): { readonly outcome: string; readonly again: undefined } {
  const whole = hear([bytes]);
  const middle = bytes.length >>> 1;
  const cut = hear([bytes.subarray(0, middle), bytes.subarray(middle)]);
  assert(
    JSON.stringify(whole.data) === JSON.stringify(cut.data),
    "what streams bring does not depend on how it is cut",
  );
  assert(whole.end === cut.end, `nor does how it ends: ${whole.end}, ${cut.end}`);
  return { outcome: whole.end === "ok" ? "ok" : `ok, ended by ${whole.end}`, again: undefined };
}

export const targets: readonly Target[] = [
  {
    name: "muxer-frames",
    group: "link",
    covers: ["drivers/libp2p/rates/muxer-guard.ts guardMuxer"],
    batch: 64,
    valid: anyFrames,
    heaviest: () => [],
    decode: (bytes) => hear([bytes]),
    look,
  },
];
