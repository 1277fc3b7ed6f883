/**
 * The vectors of walk/1, for whoever implements it anew: two sets, and every frame that passes
 * while the first asks the second. Parcels are left out of the frames, for what a batch is has
 * nothing to do with walking; what they would carry is told by key.
 */
import { toHex } from "../../src/base/bytes.ts";
import { decodeWalk } from "../../src/codec/walk.ts";
import { type ServerMessage, WalkAsk } from "../../src/core/sync/walk/ask.ts";
import { type AskerMessage, WalkServe } from "../../src/core/sync/walk/serve.ts";
import { Holder, ann, bea, link, said } from "../../test/support/walking-holder.ts";

/** Versions by key: an entry's digest is SHA-256(0x02 | SHA-256(version as text) | SHA-256(key)). */
export interface WalkVectorSet {
  readonly root: string;
  readonly versions: Readonly<Record<string, number>>;
}

export interface WalkVector {
  readonly name: string;
  readonly asker: WalkVectorSet;
  readonly server: WalkVectorSet;
  /** In the order in which they are sent; `parcels` stands for frames that bring these keys. */
  readonly frames: readonly (
    | { readonly from: "asker" | "server"; readonly frame: string }
    | { readonly from: "server"; readonly parcels: readonly string[] }
  )[];
}

export function walkVectors(): { readonly about: string; readonly walks: readonly WalkVector[] } {
  const named = (prefix: string, count: number, version = 1): Record<string, number> =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`${prefix}${i}`, version]));
  return {
    about: "Made by tools/docs/walk-vectors.ts. Bytes are hex. See docs/protocol/README.md, walk/1.",
    walks: [
      walkBetween("two empty sets", {}, {}),
      walkBetween("equal sets of 40", named("k", 40), named("k", 40)),
      walkBetween("one entry is missing of 40", named("k", 39), named("k", 40)),
      walkBetween(
        "both have something of their own, and one key in two versions",
        { ...named("k", 20), own: 1, k3: 2 },
        {
          ...named("k", 20),
          theirs: 1,
        },
      ),
      walkBetween("three entries are missing of 300", named("k", 297), named("k", 300)),
    ],
  };
}

function walkBetween(
  name: string,
  askerValues: Readonly<Record<string, number>>,
  serverValues: Readonly<Record<string, number>>,
): WalkVector {
  const [asker, server] = [new Holder(askerValues), new Holder(serverValues)];
  const [ask, serve] = [new WalkAsk(), new WalkServe()];
  const frames: WalkVector["frames"][number][] = [];
  ask.step({ type: "walkWanted", link, peer: bea }, asker.holdings, asker.now, asker.out);
  for (let pending = asker.frames(); pending.length > 0; pending = asker.frames()) {
    for (const frame of pending) {
      frames.push({ from: "asker", frame: toHex(frame) });
      const decoded = decodeWalk(frame);
      if (!decoded.ok) throw new Error(`the asker sent what is ${decoded.code}`);
      const received = { type: "messageReceived", link, peer: ann, message: decoded.value as AskerMessage } as const;
      serve.step(received, server.holdings, server.view, server.now, server.out);
    }
    for (const frame of server.frames()) frames.push(heard(frame, ask, asker));
  }
  return { name, asker: setOf(asker), server: setOf(server), frames };
}

function heard(frame: Uint8Array, ask: WalkAsk, asker: Holder): WalkVector["frames"][number] {
  const message = said(frame);
  if (message.type !== "parcels") {
    const answer = message as ServerMessage;
    ask.step({ type: "messageReceived", link, message: answer }, asker.holdings, asker.now, asker.out);
    return { from: "server", frame: toHex(frame) };
  }
  const { session, parcels } = message;
  const count = parcels.length;
  ask.step({ type: "parcelsReceived", link, session, count }, asker.holdings, asker.now, asker.out);
  ask.step({ type: "parcelsDone", session, bad: false, news: count }, asker.holdings, asker.now, asker.out);
  const keys = parcels.map((parcel) => (JSON.parse(new TextDecoder().decode(parcel as Uint8Array)) as [string])[0]);
  return { from: "server", parcels: keys };
}

function setOf({ root, versions }: Holder): WalkVectorSet {
  return { root, versions: Object.fromEntries(versions) };
}
