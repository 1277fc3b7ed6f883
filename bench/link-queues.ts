/**
 * Whether what controls a link waits behind what fills it. Two drivers, a narrow line between them
 * (`narrow-link.ts`); one sends bulk as a pull or a walk does, a window at a time, the other says
 * `more` for each frame; or it publishes, as many messages at a time. Meanwhile a probe crosses every 50 ms and is answered at once.
 *
 * `node bench/link-queues.ts [--seconds N] [--line WORDS]` prints the round trips of the probes, quiet and during
 * the transfer, and how fast the bulk went.
 */
import { linkFrameBytesMax } from "../src/codec/limits.ts";
import { gossipQueuesBytesMax, inputBytesMax } from "../src/drivers/libp2p/limits.ts";
import { usualPeerRates } from "../src/drivers/libp2p/rates/peer-meter.ts";
import { createHash, randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import type { LinkId, LinkProtocol, NetworkEvent } from "../src/ports/network.ts";
import { createLibp2pDriver } from "../src/drivers/libp2p/driver.ts";
import type { NetworkDriver } from "../src/drivers/libp2p/driver-types.ts";
import { pause } from "./clock.ts";
import { type Line, narrowLink } from "./narrow-link.ts";

interface Transfer {
  readonly name: string;
  readonly protocol: LinkProtocol | "gossip";
  readonly parcels: number;
  readonly more: number;
  readonly frameBytes: number;
  readonly window: number;
}

const transfers: readonly Transfer[] = [
  { name: "pull", protocol: "frontier", parcels: 0x02, more: 0x05, frameBytes: 128 * 1024, window: 4 },
  { name: "pull of large batches", protocol: "frontier", parcels: 0x02, more: 0x05, frameBytes: 900_000, window: 4 },
  { name: "walk", protocol: "walk", parcels: 0x05, more: 0x06, frameBytes: 64 * 1024, window: 32 },
  { name: "gossip", protocol: "gossip", parcels: 0, more: 0, frameBytes: 256 * 1024, window: 16 },
];

const lines: readonly (Line & { readonly name: string })[] = [
  { name: "loopback", bytesPerSecond: Infinity, delayMs: 0 },
  { name: "2 MB/s", bytesPerSecond: 2e6, delayMs: 0 },
  { name: "2 MB/s, 100 ms", bytesPerSecond: 2e6, delayMs: 50 },
  { name: "20 MB/s, 100 ms", bytesPerSecond: 20e6, delayMs: 50 },
];

const probeEveryMs = 50;
const kinds = { probe: 1, probed: 2 } as const;

class Side {
  readonly driver: NetworkDriver;
  link: LinkId = 0;
  readonly #hear: Set<(event: NetworkEvent) => void>;

  private constructor(driver: NetworkDriver, hear: Set<(event: NetworkEvent) => void>) {
    this.driver = driver;
    this.#hear = hear;
  }

  static async start(name: string): Promise<Side> {
    const hear = new Set<(event: NetworkEvent) => void>();
    const driver = await createLibp2pDriver({
      identitySeed: createHash("sha256").update(name).digest(),
      protocolScope: "bench",
      gossipTopic: "p2p-sync-bench",
      listen: ["/ip4/127.0.0.1/tcp/0"],
      announce: [],
      family: "dual",
      transports: ["tcp"],
      encrypters: ["noise"],
      dialMs: 10_000,
      linksMax: 50,
      relays: false,
      pingEveryMs: 30_000,
      staleAfterMs: 120_000,
      bandwidthMax: undefined,
      frameBytesMax: linkFrameBytesMax,
      inputBytesMax,
      gossipBytesMax: gossipQueuesBytesMax,
      peerRates: usualPeerRates,
      mdns: false,
      network: { name: "bench", id: "00".repeat(32) },
      dropGossip: false,
      version: "0.0.0",
      onEvent: (event) => {
        for (const each of hear) each(event);
      },
      onFact: () => undefined,
    });
    await driver.start();
    return new Side(driver, hear);
  }

  on(hear: (event: NetworkEvent) => void): void {
    this.#hear.add(hear);
  }

  onFrame(hear: (protocol: LinkProtocol, frame: Uint8Array) => void): void {
    this.on((event) => {
      if (event.type !== "frameReceived") return;
      this.driver.taken(event.link, event.frame.length);
      hear(event.protocol, event.frame);
    });
  }

  /** All the bytes of a message differ from those of any other, or gossip would take it for a copy. */
  publish(bytes: number): void {
    this.driver.carryOut({ type: "publish", payload: randomBytes(bytes) });
  }

  onMessage(hear: (bytes: number) => void): void {
    this.on((event) => {
      if (event.type !== "gossipReceived") return;
      this.driver.carryOut({ type: "judge", message: event.message, verdict: "ignore" });
      hear(event.payload.length);
    });
  }

  send(protocol: LinkProtocol, frame: Uint8Array): void {
    this.driver.carryOut({ type: "send", link: this.link, protocol, frame });
  }

  admitted(): Promise<void> {
    return new Promise((resolve) =>
      this.on((event) => {
        if (event.type !== "linkOpened") return;
        this.link = event.link;
        this.driver.carryOut({ type: "acceptLink", link: event.link });
        this.driver.carryOut({ type: "admitLink", link: event.link });
        resolve();
      }),
    );
  }
}

async function measure(transfer: Transfer, line: Line, seconds: number): Promise<Record<string, string | number>> {
  const [server, asker] = [await Side.start("server"), await Side.start("asker")];
  const address = asker.driver.addresses()[0] as string;
  await using relay = await narrowLink(Number(/\/tcp\/(\d+)/.exec(address)?.[1]), line);
  const opened = Promise.all([server.admitted(), asker.admitted()]);
  server.driver.carryOut({ type: "dial", address: address.replace(/\/tcp\/\d+/, `/tcp/${relay.port}`), attempt: 1 });
  await opened;
  const roundTrips: number[] = [];
  const sentAt = new Map<number, number>();
  let received = 0;
  const bulk = Buffer.alloc(transfer.frameBytes, transfer.parcels);
  let isSending = false;
  const sendOne = (): void => {
    if (!isSending) return;
    if (transfer.protocol === "gossip") server.publish(transfer.frameBytes);
    else server.send(transfer.protocol, bulk);
  };
  server.onFrame((protocol, frame) => {
    if (protocol === transfer.protocol) sendOne();
    const number = frame[1] as number;
    if (protocol === "peers") roundTrips.push(performance.now() - (sentAt.get(number) as number));
  });
  asker.onFrame((protocol, frame) => {
    if (protocol === "peers") asker.send("peers", Buffer.from([kinds.probed, frame[1] as number]));
    if (protocol !== transfer.protocol) return;
    received += frame.length;
    asker.send(protocol, Buffer.from([transfer.more, 0, 0, 0, 0]));
  });
  asker.onMessage((bytes) => {
    received += bytes;
    sendOne();
  });
  let number = 0;
  const probe = (): void => {
    number = (number + 1) & 0xff;
    sentAt.set(number, performance.now());
    server.send("peers", Buffer.from([kinds.probe, number]));
  };
  const probes = setInterval(probe, probeEveryMs);
  await pause(1_500);
  const quiet = roundTrips.splice(0).sort((a, b) => a - b);
  isSending = true;
  const begunAt = performance.now();
  for (let frame = 0; frame < transfer.window; frame++) sendOne();
  await pause(seconds * 1_000);
  const rate = received / (performance.now() - begunAt) / 1_000;
  clearInterval(probes);
  const busy = roundTrips.splice(0).sort((a, b) => a - b);
  isSending = false;
  await Promise.all([server.driver.stop(), asker.driver.stop()]);
  return {
    quiet: at(quiet, 0.5),
    p50: at(busy, 0.5),
    p95: at(busy, 0.95),
    max: at(busy, 1),
    probes: busy.length,
    "MB/s": Math.round(rate * 100) / 100,
  };
}

function at(sorted: readonly number[], share: number): number {
  return Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN) * 10) / 10;
}

const options = { seconds: { type: "string" }, line: { type: "string" } } as const;
const { seconds = "5", line: wanted = "" } = parseArgs({ options }).values;
const table: Record<string, Record<string, string | number>> = {};
for (const line of lines.filter(({ name }) => name.includes(wanted))) {
  for (const transfer of transfers)
    table[`${line.name}: ${transfer.name}`] = await measure(transfer, line, Number(seconds));
}
console.table(table);
