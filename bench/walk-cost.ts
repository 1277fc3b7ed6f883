/**
 * What one walk costs between two sides: the production machines, driven half a round trip at a
 * time, so that what depends on an answer is seen to wait for it.
 */
import type { PeerId } from "../src/base/brand.ts";
import type { Bytes } from "../src/base/bytes.ts";
import { type WalkMessage, decodeWalk } from "../src/codec/walk.ts";
import { WalkAsk } from "../src/core/sync/walk/ask.ts";
import { type AskerMessage, WalkServe } from "../src/core/sync/walk/serve.ts";
import { type SetSide, entryOf, numberOf } from "./set-side.ts";

export interface WalkCost {
  /** Questions that had to wait for the answer to the one before, the first included. */
  readonly roundTrips: number;
  /** Both ways, beside the parcels. */
  readonly bytes: number;
  readonly parcels: number;
  readonly askerMs: number;
  readonly serverMs: number;
}

const link = 1;
const [askerId, serverId] = ["asker", "server"] as [PeerId, PeerId];
const parcelsTag = 5;
/** Before its parcels such a frame has tag, session and count, and each parcel its length. */
const [parcelsHeadBytes, lengthBytes] = [7, 4];

/** The asker ends with what the server has. Throws where the walk did not end by itself. */
export function walkCost(asker: SetSide, server: SetSide): WalkCost {
  const talk = new Talk(asker, server);
  for (let isQuiet = false; !isQuiet;) isQuiet = talk.ask() + talk.answer() === 0;
  if (!talk.isComplete) throw new Error("the walk did not end");
  return talk.cost();
}

class Talk {
  readonly #asker: SetSide;
  readonly #server: SetSide;
  readonly #ask = new WalkAsk();
  readonly #serve = new WalkServe();
  #answers = 0;
  #bytes = 0;
  #parcels = 0;
  isComplete = false;

  constructor(asker: SetSide, server: SetSide) {
    [this.#asker, this.#server] = [asker, server];
    asker.cpuMs = server.cpuMs = 0;
    asker.mono = server.mono += 60_000; // long after the walk before
    this.#tellAsker({ type: "walkWanted", link, peer: serverId });
  }

  /** What the asker has to say reaches the server; returns the number of frames. */
  ask(): number {
    const frames = this.#asker.frames();
    const { now, holdings, view, out } = this.#server;
    for (const frame of frames) {
      this.#bytes += frame.length;
      this.#server.spend(() => {
        const message = said(frame) as AskerMessage;
        this.#serve.step({ type: "messageReceived", link, peer: askerId, message }, holdings, view, now, out);
      });
    }
    while (this.#serve.nextDeadline() !== undefined && out.length === 0) {
      this.#server.mono = Math.max(this.#server.mono, this.#serve.nextDeadline() ?? 0) + 1;
      this.#serve.step({ type: "timePassed" }, holdings, view, this.#server.now, out);
    }
    return frames.length;
  }

  answer(): number {
    const frames = this.#server.frames();
    if (frames.length > 0) this.#answers += 1;
    for (const frame of frames) {
      if (frame[0] === parcelsTag) this.#takeParcels(frame);
      else {
        this.#bytes += frame.length;
        const message = this.#asker.spend(() => said(frame)) as Extract<
          WalkMessage,
          { type: "opened" | "answer" | "ended" }
        >;
        this.#tellAsker({ type: "messageReceived", link, message });
      }
    }
    return frames.length;
  }

  cost(): WalkCost {
    return {
      roundTrips: this.#answers,
      bytes: this.#bytes,
      parcels: this.#parcels,
      askerMs: this.#asker.cpuMs,
      serverMs: this.#server.cpuMs,
    };
  }

  #takeParcels(frame: Bytes): void {
    const parcels = parcelsIn(frame);
    const session = new DataView(frame.buffer, frame.byteOffset).getUint32(1);
    this.#parcels += parcels.length;
    this.#bytes += parcelsHeadBytes + lengthBytes * parcels.length;
    this.#tellAsker({ type: "parcelsReceived", link, session, count: parcels.length });
    for (const parcel of parcels) this.#asker.add(entryOf(numberOf(parcel)));
    this.#tellAsker({ type: "parcelsDone", session, bad: false, news: parcels.length });
  }

  #tellAsker(input: Parameters<WalkAsk["step"]>[0]): void {
    const { holdings, now, out } = this.#asker;
    const facts = this.#asker.spend(() => this.#ask.step(input, holdings, now, out));
    for (const fact of facts) {
      if (fact.type !== "walkEnded" || fact.how !== "complete" || !fact.equal)
        throw new Error(`the walk ended with ${JSON.stringify({ ...fact, theirs: undefined })}`);
      this.isComplete = true;
    }
  }
}

function said(frame: Bytes): WalkMessage {
  const decoded = decodeWalk(frame);
  if (!decoded.ok) throw new Error(`a frame of the walk is ${decoded.code}`);
  return decoded.value;
}

function parcelsIn(frame: Bytes): readonly Bytes[] {
  const view = new DataView(frame.buffer, frame.byteOffset);
  const parcels: Bytes[] = [];
  for (let at = parcelsHeadBytes; at < frame.length;) {
    const length = view.getUint32(at);
    parcels.push(frame.subarray(at + lengthBytes, at + lengthBytes + length));
    at += lengthBytes + length;
  }
  return parcels;
}
