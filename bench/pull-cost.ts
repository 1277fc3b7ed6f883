/**
 * What one pull costs between two sides, beside the parcels: the asker says which numbers of which
 * writers it holds, the server sends the rest. The production machines, half a round trip at a time.
 */
import type { Author, Incarnation, Instant, PeerId, Time } from "../src/base/brand.ts";
import type { Bytes } from "../src/base/bytes.ts";
import { Prng } from "../src/base/prng.ts";
import { type Beacon, type FrontierMessage, type OriginRanges, decodeFrontier } from "../src/codec/frontier.ts";
import type { Effect } from "../src/core/effects.ts";
import { pullEveryMs } from "../src/core/sync/limits.ts";
import { Pull, type PullInput } from "../src/core/sync/pull/machine.ts";
import { Serve, type ServeInput } from "../src/core/sync/serve/machine.ts";
import type { StoreView } from "../src/ports/store.ts";
import { parcelBytes } from "./set-side.ts";

export interface PullCost {
  readonly roundTrips: number;
  /** Both ways, beside the parcels. */
  readonly bytes: number;
  /** Processor time of both sides, user and system. */
  readonly cpuMs: number;
}

const link = 1;
const [askerId, serverId] = ["asker", "server"] as [PeerId, PeerId];
const now: Time = { wall: 1 as Instant, mono: 1 };
const parcelsTag = 2;
/** Bytes of such a frame before its parcels: tag and session; then the number of parcels. */
const parcelsCountAt = 5;
/** Numbers of each writer that both hold. */
const common = 1_000;

/** The asker lacks the newest `newest` batches of each of so many writers. */
export function pullCost(writers: number, newest: number): PullCost {
  const [asker, server] = [origins(writers, common), origins(writers, common + newest)];
  const [pull, serve] = [new Pull(new Prng(1), () => pullEveryMs), new Serve()];
  const [asked, answered]: [Effect[], Effect[]] = [[], []];
  const view = { parcels: storedOf } as Pick<StoreView, "parcels"> as StoreView;
  let [bytes, roundTrips, parcels] = [0, 0, 0];
  const tell = (input: PullInput): void =>
    void pull.step(input, { origins: () => asker, beacon: () => beacon, changes: 0 }, now, asked);
  const before = process.cpuUsage();
  tell({ type: "peerAdmitted", link, peer: serverId });
  while (asked.length > 0) {
    for (const frame of framesOf(asked)) {
      bytes += frame.length;
      serve.step(askedOf(frame), { origins: () => server, beacon: () => beacon }, view, now, answered);
    }
    const frames = framesOf(answered);
    if (frames.length > 0) roundTrips += 1;
    for (const frame of frames) {
      if (frame[0] !== parcelsTag) {
        bytes += frame.length;
        tell({ type: "messageReceived", link, message: said(frame) as Extract<FrontierMessage, { type: "done" }> });
        continue;
      }
      const head = new DataView(frame.buffer, frame.byteOffset);
      const [session, count] = [head.getUint32(1), head.getUint16(parcelsCountAt)];
      bytes += frame.length - count * parcelBytes;
      parcels += count;
      tell({ type: "parcelsReceived", link, session, count });
      tell({ type: "parcelsDone", session, bad: false, heldBack: false });
    }
  }
  if (parcels !== writers * newest || pull.snapshot(now) !== undefined) throw new Error("the pull did not end");
  const { user, system } = process.cpuUsage(before);
  return { roundTrips, bytes, cpuMs: (user + system) / 1_000 };
}

const beacon: Beacon = {
  clock: 1 as Instant,
  summary: { count: common, root: new Uint8Array(32) },
  stale: false,
  full: false,
  heldBack: 0,
};

function origins(writers: number, newest: number): readonly OriginRanges[] {
  return Array.from({ length: writers }, (_, writer) => ({
    author: writer.toString(16).padStart(64, "0") as Author,
    incarnation: "22".repeat(8) as Incarnation,
    ranges: [[1, newest]],
  }));
}

/** One parcel under each number. */
function storedOf({ from, skip, to, bytesMax }: Parameters<StoreView["parcels"]>[0]): ReturnType<StoreView["parcels"]> {
  const first = from + skip;
  const count = Math.min(to - first + 1, Math.ceil(bytesMax / parcelBytes));
  return Array.from({ length: count }, (_, i) => ({ sequence: first + i, bytes: new Uint8Array(parcelBytes) }));
}

function framesOf(effects: Effect[]): readonly Bytes[] {
  return effects
    .splice(0)
    .flatMap((effect) => (effect.type === "network" && effect.order.type === "send" ? [effect.order.frame] : []));
}

function askedOf(frame: Bytes): ServeInput {
  const message = said(frame);
  if (message.type === "pull") return { type: "pullReceived", link, peer: askerId, pull: message };
  if (message.type === "more") return { type: "moreReceived", link, session: message.session };
  throw new Error(`an asker does not say ${message.type}`);
}

function said(frame: Bytes): FrontierMessage {
  const decoded = decodeFrontier(frame);
  if (!decoded.ok) throw new Error(`a frame of the pull is ${decoded.code}`);
  return decoded.value;
}
