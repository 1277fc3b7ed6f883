/**
 * Looks at every header before yamux does. The library believes a length of 4 GiB and keeps what
 * comes until it is there, answers every ping and every stream at any rate, and throws away frames
 * for streams that do not exist: each a way to spend our memory or time for next to nothing.
 *
 * A frame over the window is refused from its header; the rest is counted against the peer's rates.
 * While a peer is being parted with, only what the farewell needs goes through.
 * Source: the yamux specification, github.com/hashicorp/yamux/blob/master/spec.md.
 */
import type { StreamMuxer } from "@libp2p/interface";
import { assert } from "../../../base/assert.ts";
import type { WatchedSocket } from "./input-watch.ts";
import { creditBytesMax, muxerFrameBytesMax } from "./limits.ts";

interface Header {
  readonly type: number;
  readonly flag: number;
  readonly streamID: number;
  readonly length: number;
}

interface Frame {
  readonly header: Header;
}

interface YamuxInternals {
  handleFrame(frame: Frame): void;
  readonly streams: readonly { readonly streamId: number }[];
  readonly decoder: {
    readonly buffer: { readonly byteLength: number; get(index: number): number };
    readFrame(): Frame | undefined;
  };
}

const types = { data: 0, windowUpdate: 1, ping: 2 } as const;
const flags = { syn: 1, ack: 2 } as const;
const headerBytes = 12;

/** Errors of the library that only the other side can cause; a late answer to a ping, which is one too, is not among them. */
const broken: Readonly<Record<string, string>> = {
  InvalidFrameError: "an invalid frame of the muxer",
  ReceiveWindowExceededError: "more data on a stream than its window allows",
};

export function guardMuxer(muxer: StreamMuxer, watched: WatchedSocket): StreamMuxer {
  const inner = muxer as StreamMuxer & YamuxInternals;
  const { decoder } = inner;
  assert(typeof inner.handleFrame === "function", "yamux handles its frames in handleFrame");
  assert(typeof decoder.readFrame === "function", "yamux reads its frames in readFrame");
  const readFrame = decoder.readFrame.bind(decoder);
  const handleFrame = inner.handleFrame.bind(inner);
  const reporting = <T>(work: () => T): T => {
    try {
      return work();
    } catch (cause) {
      const reason = cause instanceof Error ? broken[cause.name] : undefined;
      if (reason !== undefined) watched.misbehaved(reason);
      throw cause;
    }
  };
  decoder.readFrame = () => {
    if (isTooLong(decoder.buffer)) {
      watched.misbehaved("a frame of the muxer over the window");
      throw new Error(`a frame of the muxer has more than ${muxerFrameBytesMax} bytes`);
    }
    return reporting(readFrame);
  };
  inner.handleFrame = (frame) => {
    count(frame.header, inner, watched);
    if (!watched.isParting || isFarewell(frame.header)) reporting(() => handleFrame(frame));
  };
  return muxer;
}

function isTooLong(buffer: YamuxInternals["decoder"]["buffer"]): boolean {
  if (buffer.byteLength < headerBytes || buffer.get(1) !== types.data) return false;
  const [a, b, c, d] = [8, 9, 10, 11].map((at) => buffer.get(at)) as [number, number, number, number];
  return a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d > muxerFrameBytesMax;
}

function count(header: Header, { streams }: YamuxInternals, watched: WatchedSocket): void {
  const { type, flag, streamID, length } = header;
  watched.slow("muxerFrames", 1);
  if (type === types.windowUpdate && length > creditBytesMax) watched.misbehaved("credit beyond any window");
  if (type === types.ping) watched.bound("pings", 1);
  else if ((flag & flags.syn) !== 0) watched.bound("streams", 1);
  else if (streamID !== 0 && !streams.some(({ streamId }) => streamId === streamID)) {
    watched.bound("strayFrames", 1);
    if (type === types.data) watched.bound("strayBytes", length);
  }
}

/** Answers to our pings, and credit for what we still have to say. */
function isFarewell({ type, flag, streamID }: Header): boolean {
  if (streamID === 0) return type !== types.ping || flag === flags.ack;
  return type === types.windowUpdate && (flag & flags.syn) === 0;
}
