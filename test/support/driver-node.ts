/**
 * Drivers for tests: each records its events and facts, and waits for one that fits, with a
 * deadline instead of a sleep. Also a relay that counts the bytes between two nodes.
 */
import { linkFrameBytesMax } from "../../src/codec/limits.ts";
import { gossipQueuesBytesMax, inputBytesMax } from "../../src/drivers/libp2p/limits.ts";
import type { Connection, Stream, StreamMuxerFactory } from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { createHash } from "node:crypto";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { NetworkEvent } from "../../src/ports/network.ts";
import { createLibp2pDriver } from "../../src/drivers/libp2p/driver.ts";
import { usualPeerRates } from "../../src/drivers/libp2p/rates/peer-meter.ts";
import type {
  LinkFact,
  LiveDriverOptions,
  NetworkDriver,
  NetworkDriverOptions,
} from "../../src/drivers/libp2p/driver-types.ts";

const deadlineMs = 8_000;

export const usualLiveOptions: LiveDriverOptions = {
  bandwidthMax: undefined,
  peerRates: usualPeerRates,
  linksMax: 50,
  pingEveryMs: 30_000,
  staleAfterMs: 120_000,
  mdns: false,
};

type Of<Union extends { readonly type: string }, Type extends Union["type"]> = Extract<Union, { readonly type: Type }>;

export class TestNode {
  readonly driver: NetworkDriver;
  readonly events: NetworkEvent[];
  readonly facts: LinkFact[];
  readonly #wake: Set<() => void>;

  private constructor(driver: NetworkDriver, events: NetworkEvent[], facts: LinkFact[], wake: Set<() => void>) {
    this.driver = driver;
    this.events = events;
    this.facts = facts;
    this.#wake = wake;
  }

  static async create(name: string, overrides: Partial<NetworkDriverOptions> = {}): Promise<TestNode> {
    const events: NetworkEvent[] = [];
    const facts: LinkFact[] = [];
    const wake = new Set<() => void>();
    const record = <T>(list: T[]): ((item: T) => void) => {
      return (item) => {
        list.push(item);
        for (const check of wake) check();
      };
    };
    const driver = await createLibp2pDriver({
      identitySeed: createHash("sha256").update(name).digest(),
      protocolScope: "test",
      gossipTopic: "p2p-sync-test",
      listen: ["/ip4/127.0.0.1/tcp/0"],
      announce: [],
      family: "dual",
      transports: ["tcp"],
      encrypters: ["noise"],
      dialMs: 10_000,
      ...usualLiveOptions,
      relays: true,
      frameBytesMax: linkFrameBytesMax,
      inputBytesMax,
      gossipBytesMax: gossipQueuesBytesMax,
      network: { name: "test", id: "00".repeat(32) },
      dropGossip: false,
      version: "0.0.0",
      onEvent: record(events),
      onFact: record(facts),
      ...overrides,
    });
    const node = new TestNode(driver, events, facts, wake);
    wake.add(() => node.takeAll());
    return node;
  }

  /** Reports every frame as dealt with at once; switched off, the test calls `takeAll` when it wants to. */
  takesAtOnce = true;
  #takenEvents = 0;

  takeAll(force = false): void {
    if (!this.takesAtOnce && !force) return;
    for (; this.#takenEvents < this.events.length; this.#takenEvents++) {
      const event = this.events[this.#takenEvents];
      if (event?.type === "frameReceived") this.driver.taken(event.link, event.frame.length);
    }
  }

  get address(): string {
    return this.driver.addresses()[0] as string;
  }

  get port(): number {
    return Number(/\/(?:tcp|udp)\/(\d+)/.exec(this.address)?.[1]);
  }

  /** The first event of the type that fits, past or to come. */
  event<Type extends NetworkEvent["type"]>(
    type: Type,
    fits: (event: Of<NetworkEvent, Type>) => boolean = () => true,
  ): Promise<Of<NetworkEvent, Type>> {
    return this.until(type, () =>
      this.events.filter((event): event is Of<NetworkEvent, Type> => event.type === type).find(fits),
    );
  }

  fact<Type extends LinkFact["type"]>(
    type: Type,
    fits: (fact: Of<LinkFact, Type>) => boolean = () => true,
  ): Promise<Of<LinkFact, Type>> {
    return this.until(type, () =>
      this.facts.filter((fact): fact is Of<LinkFact, Type> => fact.type === type).find(fits),
    );
  }

  /** Resolves with the first value that is not undefined; asked again after every event and fact, and now and then. */
  until<T>(what: string, look: () => T | undefined): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const check = (): void => {
      const found = look();
      if (found !== undefined) resolve(found);
    };
    const poll = setInterval(check, 20);
    const timer = setTimeout(
      () => reject(new Error(`${what} did not come; had ${this.events.map((event) => event.type).join(" ")}`)),
      deadlineMs,
    );
    this.#wake.add(check);
    check();
    return promise.finally(() => {
      clearInterval(poll);
      clearTimeout(timer);
      this.#wake.delete(check);
    });
  }

  framesOf(link: number): string[] {
    return this.events.flatMap((event) =>
      event.type === "frameReceived" && event.link === link ? [Buffer.from(event.frame).toString()] : [],
    );
  }

  send(link: number, protocol: "admit" | "ack" | "frontier", text: string): void {
    this.driver.carryOut({ type: "send", link, protocol, frame: Buffer.from(text) });
  }

  admit(link: number): void {
    this.driver.carryOut({ type: "acceptLink", link });
    this.driver.carryOut({ type: "admitLink", link });
  }

  /** Gives every message the verdict, at once. */
  static judging(verdict: "accept" | "ignore" | "reject"): (node: TestNode) => void {
    return (node) => {
      let seen = 0;
      node.#wake.add(() => {
        for (; seen < node.events.length; seen++) {
          const event = node.events[seen];
          if (event?.type === "gossipReceived")
            queueMicrotask(() => node.driver.carryOut({ type: "judge", message: event.message, verdict }));
        }
      });
    };
  }
}

/** Connects two started nodes; answers the link number on each side. */
export async function link(
  from: TestNode,
  to: TestNode,
  address: string = to.address,
): Promise<{ readonly out: number; readonly in: number }> {
  const had = new Set(to.events.flatMap((event) => (event.type === "linkOpened" ? [event.link] : [])));
  const hadOut = new Set(from.events.flatMap((event) => (event.type === "linkOpened" ? [event.link] : [])));
  from.driver.carryOut({ type: "dial", address, attempt: 1 });
  const out = await from.event("linkOpened", (event) => !hadOut.has(event.link));
  const into = await to.event("linkOpened", (event) => !had.has(event.link) && event.peer === from.driver.peerId);
  return { out: out.link, in: into.link };
}

/** What one test starts, stopped together at its end. */
export class TestScope {
  readonly #cleanUps: (() => Promise<void>)[] = [];

  later(cleanUp: () => Promise<void>): void {
    this.#cleanUps.push(cleanUp);
  }

  async end(): Promise<void> {
    await Promise.all(this.#cleanUps.splice(0).map((cleanUp) => cleanUp()));
  }

  async start(name: string, overrides: Partial<NetworkDriverOptions> = {}): Promise<TestNode> {
    const node = await TestNode.create(name, overrides);
    this.later(() => node.driver.stop());
    await node.driver.start();
    return node;
  }

  async startRaw(options: RawPeerOptions = {}): Promise<RawPeer> {
    const peer = await rawPeer(options);
    this.later(() => peer.stop());
    return peer;
  }

  /** Two nodes that have admitted each other, with the number of their link on each side. */
  async admittedPair(
    overrides: Partial<NetworkDriverOptions> = {},
  ): Promise<{ readonly a: TestNode; readonly b: TestNode; readonly out: number; readonly in: number }> {
    const [a, b] = [await this.start("a", overrides), await this.start("b", overrides)];
    const ids = await link(a, b);
    a.admit(ids.out);
    b.admit(ids.in);
    return { a, b, ...ids };
  }
}

export interface Relay {
  readonly port: number;
  /** Bytes taken from whoever connects, and from the target. */
  readonly counted: { fromClient: number; fromTarget: number };
  readonly open: () => number;
  /** Breaks what is connected, and whatever connects until `mend`. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

/** A TCP relay that counts, and passes on each side's end separately. */
export async function countingRelay(targetPort: number): Promise<Relay> {
  const counted = { fromClient: 0, fromTarget: 0 };
  const sockets = new Set<Socket>();
  let isCut = false;
  const server: Server = createServer({ allowHalfOpen: true }, (client) => {
    if (isCut) return void client.destroy();
    const target = connect({ port: targetPort, host: "127.0.0.1", allowHalfOpen: true });
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      socket.on("error", () => socket.destroy());
    }
    client.on("data", (data: Buffer) => (counted.fromClient += data.length));
    target.on("data", (data: Buffer) => (counted.fromTarget += data.length));
    client.pipe(target);
    target.pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    counted,
    open: () => sockets.size,
    cut: () => {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    mend: () => void (isCut = false),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface RawPeer {
  dial(address: string): Promise<Connection>;
  openStream(connection: Connection, protocol: string): Promise<Stream>;
  /** The end of a stream, past or to come. */
  closed(stream: Stream): Promise<{ readonly error: Error | undefined }>;
  /** Takes over the streams of a protocol that are opened to it. */
  onStream(protocol: string, take: (stream: Stream) => void): void;
  /** Reads what comes in on streams of a protocol that are opened to it. */
  onBytes(protocol: string, read: (bytes: Uint8Array) => void): void;
  address(): string;
  stop(): Promise<void>;
}

interface RawPeerOptions {
  /** False: streams that are opened to it are never read. */
  readonly reads?: boolean;
  /** Sent over the encrypted connection before the muxer's own first byte. */
  readonly firstMuxerBytes?: Uint8Array;
  /** Its whole answer to identify. */
  readonly identify?: Uint8Array;
}

function sendingFirst(inner: StreamMuxerFactory, bytes: Uint8Array | undefined): StreamMuxerFactory {
  return {
    protocol: inner.protocol,
    createStreamMuxer: (connection) => {
      if (bytes !== undefined) connection.send(bytes);
      return inner.createStreamMuxer(connection);
    },
  };
}

/** A libp2p node that is none of ours: it speaks the transport and whatever bytes a test gives it. */
async function rawPeer(options: RawPeerOptions = {}): Promise<RawPeer> {
  const node = await createLibp2p({
    addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [() => sendingFirst(yamux()(), options.firstMuxerBytes)],
    connectionMonitor: { enabled: false },
  });
  const takers = new Map<string, (stream: Stream) => void>();
  const idle = (stream: Stream): void => (options.reads === false ? stream.pause() : undefined);
  for (const protocol of ["/p2p-sync/admit/1", "/p2p-sync/test/ack/1", "/p2p-sync/test/frontier/1", "/meshsub/1.2.0"]) {
    await node.handle(protocol, (stream) => (takers.get(protocol) ?? idle)(stream));
  }
  const { identify } = options;
  if (identify !== undefined) await node.handle("/ipfs/id/1.0.0", (stream) => void stream.send(identify));
  return {
    dial: (address) => node.dial(multiaddr(address)),
    openStream: (connection, protocol) => connection.newStream(protocol, { maxOutboundStreams: 8 }),
    closed: (stream) => {
      if (stream.status !== "open") return Promise.resolve({ error: new Error(stream.status) });
      return new Promise((resolve) => stream.addEventListener("close", (event) => resolve({ error: event.error })));
    },
    onStream: (protocol, take) => void takers.set(protocol, take),
    onBytes: (protocol, read) =>
      void takers.set(protocol, (stream) => stream.addEventListener("message", (event) => read(event.data.subarray()))),
    address: () => node.getMultiaddrs()[0]?.toString() as string,
    stop: async () => await node.stop(),
  };
}
