/** A peer's gossip stream: RPCs as the library's parser takes them, judged by our reading of them. */
import type { PeerId as Libp2pPeerId } from "@libp2p/interface";
import { RPC } from "@libp2p/gossipsub/message";
import { assert } from "../../../src/base/assert.ts";
import { type Bytes, utf8Encode } from "../../../src/base/bytes.ts";
import type { Prng } from "../../../src/base/prng.ts";
import type { PeerId } from "../../../src/base/brand.ts";
import { encodeGossip } from "../../../src/codec/gossip.ts";
import { readGossip } from "../../../src/drivers/libp2p/gossip-reading.ts";
import { Bandwidth } from "../../../src/drivers/libp2p/rates/bandwidth.ts";
import { InputWatch } from "../../../src/drivers/libp2p/rates/input-watch.ts";
import { usualPeerRates } from "../../../src/drivers/libp2p/rates/peer-meter.ts";
import { anyParcel } from "../samples.ts";
import type { Target } from "../target.ts";

const topic = "p2p-sync/0";
const from = { toString: () => "12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf" } as unknown as Libp2pPeerId;

/** Hears what a peer is accused of. */
class Accusations extends InputWatch {
  readonly heard: string[] = [];

  override misbehaved(_peer: PeerId, reason: string): void {
    this.heard.push(reason);
  }
}

async function read(bytes: Bytes): Promise<{ readonly outcome: string }> {
  const watch = new Accusations(new Bandwidth(undefined, 0), usualPeerRates);
  let taken = 0;
  const sub = {
    pipePeerReadStream: (_peer: Libp2pPeerId, _source: AsyncIterable<{ subarray(): Uint8Array }>) => Promise.resolve(),
    handlePeerReadStreamError: (error: Error) => assert(false, `reading a stream has no error: ${error.stack}`),
    decodeRpc: (rpc: Uint8Array): unknown => RPC.decode(rpc),
    handleReceivedRpc: () => Promise.resolve(void (taken += 1)),
  };
  readGossip(sub, topic, watch);
  await sub.pipePeerReadStream(from, inOrder([bytes]));
  assert(taken + watch.heard.length === 1, "an RPC is taken, or its sender is accused");
  return { outcome: watch.heard[0] ?? "ok" };
}

async function* inOrder(chunks: readonly Bytes[]): AsyncGenerator<{ subarray(): Uint8Array }> {
  for (const chunk of chunks) yield { subarray: () => chunk };
}

function anyRpc(prng: Prng): Bytes {
  const messages = Array.from({ length: prng.below(3) }, () => ({
    topic,
    data: encodeGossip([anyParcel(prng, "whole")]),
  }));
  const subscriptions = prng.chance(0.3) ? [{ subscribe: prng.chance(0.5), topic }] : [];
  const control = {
    ihave: prng.chance(0.3) ? [{ topicID: topic, messageIDs: [prng.bytes(20)] }] : [],
    iwant: prng.chance(0.3) ? [{ messageIDs: [prng.bytes(20)] }] : [],
    graft: prng.chance(0.3) ? [{ topicID: topic }] : [],
    prune: prng.chance(0.3) ? [{ topicID: topic, peers: [], backoff: 60 }] : [],
    idontwant: prng.chance(0.3) ? [{ messageIDs: [prng.bytes(20)] }] : [],
  };
  return RPC.encode({ subscriptions, messages, ...(prng.chance(0.7) && { control }) });
}

export const targets: readonly Target[] = [
  {
    name: "gossip-rpc",
    group: "link",
    covers: ["drivers/libp2p/gossip-reading.ts readGossip"],
    batch: 128,
    valid: anyRpc,
    heaviest: () => [
      RPC.encode({
        subscriptions: Array.from({ length: 500 }, () => ({ subscribe: true, topic })),
        messages: [{ topic, data: utf8Encode("m") }],
      }),
    ],
    decode: read,
    look: async (bytes) => ({ ...(await read(bytes)), again: undefined }),
  },
];
