/** What an attacker does over a link it was let in with; each `act` sends some units of its kind. */
import { randomBytes } from "node:crypto";
import type { Incarnation, Instant, NetworkId } from "../../src/base/brand.ts";
import { encodeGossip } from "../../src/codec/gossip.ts";
import { makeBatch } from "../../src/core/data/batch.ts";
import { stampOf } from "../../src/core/data/stamp.ts";
import { ed25519Signer } from "../../src/crypto/ed25519.ts";
import { encodeFrame } from "../../src/drivers/libp2p/frame-codec.ts";
import type { HostileLink } from "./hostile-link.ts";
import type { KindName } from "./kinds.ts";

/** Sends up to so many units; answers how many it sent. */
export type Act = (units: number) => number;

export type LinkedKind = Exclude<KindName, "slow" | "handshakes">;

interface Target {
  readonly link: HostileLink;
  readonly network: string;
}

export async function attackOf(kind: LinkedKind, target: Target): Promise<Act> {
  return await attacks[kind](target);
}

/** Bytes that an attacker keeps waiting for a victim that does not read, at most. */
const waitingBytesMax = 8 * 1024 * 1024;
const gossipProtocol = "/meshsub/1.2.0";
const perRpc = 10;

const attacks: Readonly<Record<LinkedKind, (target: Target) => Promise<Act>>> = {
  async garbage({ link, network }) {
    const stream = await link.stream(`/p2p-sync/${scopeOf(network)}/frontier/1`);
    return each(link, 1, () => stream.send(encodeFrame(randomBytes(1_024))));
  },
  async topics({ link }) {
    let topics = 0;
    const one = (): Buffer => field(1, Buffer.from([8, 1]), field(2, Buffer.from(`topic-${++topics}`)));
    return gossiping(link, perRpc, () => Buffer.concat(Array.from({ length: perRpc }, one)));
  },
  async grafts({ link, network }) {
    const topic = field(1, Buffer.from(topicOf(network)));
    const both = Buffer.concat(Array.from({ length: perRpc / 2 }, () => [field(3, topic), field(4, topic)]).flat());
    return gossiping(link, perRpc, () => field(3, both));
  },
  async empty({ link }) {
    const rpc = Buffer.from("1200".repeat(100), "hex");
    return gossiping(link, 100, () => rpc);
  },
  async streams({ link }) {
    let id = 1_000_001;
    return each(link, 1, () => {
      id += 2;
      link.write(Buffer.concat([header(1, 1, id, 0), header(1, 8, id, 0)]));
    });
  },
  async giant({ link }) {
    const block = randomBytes(64 * 1024);
    link.write(header(0, 0, 1, 0xffff_ffff));
    return each(link, 64, () => link.write(block));
  },
  async window({ link }) {
    await link.stream(gossipProtocol);
    const block = randomBytes(512 * 1024);
    const ids = (link.connection.streams as unknown as readonly { readonly streamId: number }[]).map(
      ({ streamId }) => streamId,
    );
    const id = ids.at(-1) ?? 1;
    return each(link, 512, () => link.write(Buffer.concat([header(0, 0, id, block.length), block])));
  },
  async signatures({ link, network }) {
    const forger = { ...ed25519Signer(randomBytes(32)), sign: () => randomBytes(64) };
    let sequence = 0;
    const forged = (): Uint8Array => {
      const content = { type: "value", value: randomBytes(100) } as const;
      const op = { key: `forged/${++sequence}`, content, ttlSeconds: undefined, replaces: undefined };
      const incarnation = "00000000000000ff" as Incarnation;
      const stamp = stampOf(Date.now() as Instant);
      const made = makeBatch([op], { network: network as NetworkId, incarnation, sequence, stamp }, forger);
      if (!made.ok) throw new Error(made.code);
      return encodeGossip([made.value.bytes]);
    };
    return gossiping(link, 1, () => field(2, field(2, Buffer.from(forged())), field(4, Buffer.from(topicOf(network)))));
  },
};

async function gossiping(link: HostileLink, units: number, body: () => Buffer): Promise<Act> {
  const stream = await link.stream(gossipProtocol);
  return each(link, units, () => {
    const rpc = body();
    if (stream.status === "open" && stream.writeBufferLength < waitingBytesMax)
      stream.send(Buffer.concat([varint(rpc.length), rpc]));
  });
}

function each(link: HostileLink, unitsEach: number, send: () => unknown): Act {
  return (units) => {
    let sent = 0;
    while (sent < units && link.isOpen && link.waitingBytes < waitingBytesMax) {
      send();
      sent += unitsEach;
    }
    return sent;
  };
}

/** First segment of our protocols' names, and the topic: of the network's id. */
function scopeOf(network: string): string {
  return network.slice(0, 16);
}

function topicOf(network: string): string {
  return `p2p-sync/${scopeOf(network)}`;
}

/** A header of yamux: version 0, type, flags, stream, length. */
function header(type: number, flag: number, stream: number, length: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt8(type, 1);
  bytes.writeUInt16BE(flag, 2);
  bytes.writeUInt32BE(stream, 4);
  bytes.writeUInt32BE(length, 8);
  return bytes;
}

/** A protobuf field of bytes. */
function field(number: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([number * 8 + 2]), varint(body.length), body]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  return Buffer.from([...bytes, rest]);
}
