/** What comes off a link before a decoder sees a message: frames, gossip RPCs, and records from the local network. */
import { createRequire } from "node:module";
import { assert } from "../../../src/base/assert.ts";
import { type Bytes, concat, equalBytes, utf8Encode } from "../../../src/base/bytes.ts";
import type { Prng } from "../../../src/base/prng.ts";
import { ByteBudget } from "../../../src/drivers/libp2p/byte-budget.ts";
import { FrameDecoder, type FrameRefusal, encodeFrame } from "../../../src/drivers/libp2p/frame-codec.ts";
import { isPlausiblePacket } from "../../../src/drivers/libp2p/mdns-packets.ts";
import {
  type DnsRecord,
  announcementsIn,
  asksForService,
  recordsFor,
  serviceName,
} from "../../../src/drivers/libp2p/mdns-records.ts";
import {
  type RelayMessage,
  type RelayProtocol,
  decodeRelay,
  encodeRelay,
} from "../../../src/drivers/libp2p/relay/messages.ts";
import type { PeerId } from "../../../src/base/brand.ts";
import { anyAddress, anyPeer } from "./text.ts";
import { type Target, fastBatch, refusedAs } from "../target.ts";

interface Frames {
  readonly bodies: readonly Bytes[];
  readonly refusal: FrameRefusal | undefined;
  readonly isInside: boolean;
}

const frameBytesMax = 4 * 1024;

/** All of the budget comes back, whatever the stream was. */
function framesOf(chunks: readonly Bytes[]): Frames {
  const budget = new ByteBudget(2 * frameBytesMax);
  const decoder = new FrameDecoder(frameBytesMax, budget);
  const bodies: Bytes[] = [];
  let refusal: FrameRefusal | undefined;
  for (const chunk of chunks) refusal ??= decoder.decode(chunk, (body) => bodies.push(body));
  const isInside = decoder.isInsideFrame;
  decoder.release();
  assert(budget.taken === 0, "the budget is given back");
  return { bodies, refusal, isInside };
}

const anyFrames = (prng: Prng): Bytes =>
  concat(Array.from({ length: 1 + prng.below(3) }, () => encodeFrame(prng.bytes(1 + prng.below(200)))));

/** Of multicast-dns, which reads packets with it before we see them. */
interface DnsPacket {
  encode(packet: object): Buffer;
  decode(bytes: Buffer): {
    readonly answers: readonly DnsRecord[];
    readonly additionals: readonly DnsRecord[];
    readonly questions: readonly { readonly name: string; readonly type: string }[];
  };
}
const requireHere = createRequire(import.meta.url);
const dnsPacket = createRequire(requireHere.resolve("multicast-dns"))("dns-packet") as DnsPacket;

function anyDnsPacket(prng: Prng): Bytes {
  if (prng.chance(0.2)) return dnsPacket.encode({ type: "query", questions: [{ name: serviceName, type: "PTR" }] });
  const network = { name: prng.pick(["default", "friends"]), id: Buffer.from(prng.bytes(32)).toString("hex") };
  const addresses = Array.from(
    { length: 1 + prng.below(3) },
    () => `/ip4/10.0.0.${prng.below(256)}/tcp/4001/p2p/${anyPeer(prng)}`,
  );
  const records = recordsFor(anyPeer(prng) as PeerId, network, prng.chance(0.8) ? addresses : [anyAddress(prng)]);
  return dnsPacket.encode({ type: "response", answers: records });
}

function hear(bytes: Bytes): { readonly outcome: string } {
  if (!isPlausiblePacket(bytes)) return { outcome: "not decoded" };
  let packet: ReturnType<DnsPacket["decode"]>;
  try {
    packet = dnsPacket.decode(Buffer.from(bytes));
  } catch {
    return { outcome: "no packet" }; // the library's listener drops what this throws for
  }
  if (packet.questions.some((question) => asksForService(question))) return { outcome: "ok question" };
  const records = [...packet.answers, ...packet.additionals];
  const found = [...announcementsIn(records, false), ...announcementsIn(records, true)];
  assert(
    found.every(({ addresses }) => addresses.length <= 10),
    "few addresses are believed",
  );
  return { outcome: found.length > 0 ? "ok announcement" : "ok nothing for us" };
}

const relayMessages = (prng: Prng): readonly RelayMessage[] => [
  { type: "reserve" },
  { type: "connect", peer: anyPeer(prng) as PeerId },
  { type: "status", status: prng.pick(["ok", "noReservation", "malformed"]) },
  { type: "reserved", until: prng.u32() },
];

/** Fields that are not used may follow, so there is more than one form; what was understood survives. */
function relayTarget(protocol: RelayProtocol): Target {
  return {
    name: `relay-${protocol}`,
    group: "link",
    covers: ["drivers/libp2p/relay/messages.ts decodeRelay"],
    batch: fastBatch,
    valid: (prng) =>
      encodeRelay(
        protocol,
        prng.pick(relayMessages(prng).filter(({ type }) => protocol === "hop" || type !== "reserve")),
      ),
    heaviest: () => [],
    decode: (bytes) => decodeRelay(protocol, bytes),
    look(bytes) {
      const decoded = decodeRelay(protocol, bytes);
      if (!decoded.ok) return refusedAs(decoded.code);
      const again = decodeRelay(protocol, encodeRelay(protocol, decoded.value));
      assert(JSON.stringify(again) === JSON.stringify(decoded), "what was understood is read again as it was written");
      return { outcome: `ok ${decoded.value.type}`, again: undefined };
    },
  };
}

export const targets: readonly Target[] = [
  relayTarget("hop"),
  relayTarget("stop"),
  {
    name: "frames",
    group: "link",
    covers: ["drivers/libp2p/frame-codec.ts FrameDecoder"],
    batch: fastBatch,
    valid: anyFrames,
    heaviest: (prng) => [
      encodeFrame(prng.bytes(frameBytesMax)),
      concat(Array.from({ length: 1_000 }, () => encodeFrame(prng.bytes(1)))),
    ],
    decode: (bytes) => framesOf([bytes]),
    /** However the stream is cut, the same frames come out. */
    look(bytes) {
      const whole = framesOf([bytes]);
      const step = 1 + ((bytes[0] ?? 0) % 7);
      const pieces = Array.from({ length: Math.ceil(bytes.length / step) }, (_, i) =>
        bytes.subarray(i * step, (i + 1) * step),
      );
      const cut = framesOf(pieces);
      assert(cut.bodies.length === whole.bodies.length, "as many frames come out of pieces");
      assert(
        cut.bodies.every((body, i) => equalBytes(body, whole.bodies[i] as Bytes)),
        "the same frames come out of pieces",
      );
      assert(cut.refusal?.type === whole.refusal?.type, "pieces are refused like the whole");
      if (whole.refusal !== undefined) return refusedAs(whole.refusal.type);
      if (whole.isInside) return refusedAs("unfinished");
      return { outcome: "ok", again: concat(whole.bodies.map(encodeFrame)) };
    },
  },
  {
    name: "mdns-packet",
    group: "link",
    covers: ["drivers/libp2p/mdns-records.ts announcementsIn", "drivers/libp2p/mdns-records.ts asksForService"],
    batch: 256,
    valid: anyDnsPacket,
    heaviest: () => [
      dnsPacket.encode({
        type: "response",
        answers: Array.from({ length: 14 }, () => ({
          name: `a.${serviceName}`,
          type: "TXT",
          data: Array.from({ length: 20 }, () => Buffer.from(utf8Encode("dnsaddr=/ip4/10.0.0.1/tcp/1"))),
        })),
      }),
    ],
    decode: hear,
    look: (bytes) => ({ ...hear(bytes), again: undefined }),
  },
];
