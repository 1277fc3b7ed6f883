/**
 * An attacker's way in: a libp2p node of its own identity and source address that speaks admit/1 as
 * it should, and then gives whoever holds it the bytes of the muxer to write.
 */
import type { Connection, Libp2p, Stream } from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { randomBytes } from "node:crypto";
import type { Instant, NetworkId } from "../../src/base/brand.ts";
import { decodeAdmit, encodeAdmit } from "../../src/codec/admit.ts";
import { encodeFrame, FrameDecoder } from "../../src/drivers/libp2p/frame-codec.ts";
import { ByteBudget } from "../../src/drivers/libp2p/byte-budget.ts";

export const admitProtocol = "/p2p-sync/admit/1";
const admittedWithinMs = 5_000;
const frameBytesMax = 4_096;

/** The part of yamux that an attacker writes to. */
interface RawMuxer {
  send(bytes: Uint8Array): boolean;
}

export class HostileLink implements AsyncDisposable {
  readonly connection: Connection;
  readonly #node: Libp2p;
  #isOpen = true;
  readonly closed: Promise<void>;

  private constructor(node: Libp2p, connection: Connection) {
    this.#node = node;
    this.connection = connection;
    this.closed = new Promise((resolve) =>
      connection.addEventListener("close", () => {
        this.#isOpen = false;
        resolve();
      }),
    );
  }

  /** Connects, and is admitted unless that is not wanted. Throws where it does not come about. */
  static async open(target: string, network: string, from: string, wantsAdmission: boolean): Promise<HostileLink> {
    const node = await createLibp2p({
      transports: [tcp({ dialOpts: { localAddress: from } as object })],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      connectionMonitor: { enabled: false },
      connectionManager: { reconnectRetries: 0 },
      connectionGater: { denyDialMultiaddr: () => false }, // loopback is the target
    });
    try {
      if (wantsAdmission) await takeAll(node, network);
      const admitted = wantsAdmission ? answerAdmit(node) : Promise.resolve();
      const connection = await node.dial(multiaddr(target));
      const link = new HostileLink(node, connection);
      if (wantsAdmission) {
        const stream = await connection.newStream(admitProtocol);
        const hello = { type: "hello", version: 1, session: randomBytes(8).toString("hex"), agent: "attack" } as const;
        const clock = Date.now() as Instant;
        stream.send(encodeFrame(encodeAdmit({ ...hello, network: network as NetworkId, clock })));
        stream.send(encodeFrame(encodeAdmit({ type: "welcome" })));
        await within(Promise.race([admitted, link.closed]), admittedWithinMs);
      }
      if (!link.isOpen) throw new Error("refused");
      return link;
    } catch (cause) {
      await node.stop();
      throw cause;
    }
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  stream(protocol: string): Promise<Stream> {
    return this.connection.newStream(protocol);
  }

  /** Writes past the muxer's rules. */
  write(bytes: Uint8Array): void {
    if (this.#isOpen) (this.connection as unknown as { readonly muxer: RawMuxer }).muxer.send(bytes);
  }

  /** Bytes that wait in this process because the other side does not read. */
  get waitingBytes(): number {
    return (
      (this.connection as unknown as { readonly maConn: { readonly writeBufferLength?: number } }).maConn
        .writeBufferLength ?? 0
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.abort(new Error("the attack is over"));
    await this.#node.stop();
  }
}

/** Takes the streams of an honest node, so that it finds nothing amiss before the attack. */
async function takeAll(node: Libp2p, network: string): Promise<void> {
  const ours = ["ack", "frontier", "walk"].map((name) => `/p2p-sync/${network.slice(0, 16)}/${name}/1`);
  for (const protocol of [...ours, "/meshsub/1.2.0"])
    await node.handle(protocol, (stream) => stream.addEventListener("message", () => undefined));
}

/** Resolves with the other side's welcome. */
function answerAdmit(node: Libp2p): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  void node.handle(admitProtocol, (stream) => {
    const decoder = new FrameDecoder(frameBytesMax, new ByteBudget(1024 * 1024));
    stream.addEventListener("message", ({ data }) => {
      decoder.decode(data.subarray(), (frame) => {
        const message = decodeAdmit(frame);
        if (message.ok && message.value.type === "welcome") resolve();
      });
    });
  });
  return promise;
}

async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`not admitted within ${ms} ms`)), ms);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
