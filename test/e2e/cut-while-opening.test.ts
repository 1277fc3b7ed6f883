/**
 * A connection that ends in the very moment a stream is opened on it fails that stream, and no
 * more. yamux 8.0.3 announces a new stream one microtask after making it, and once it has measured
 * a round trip it also enlarges the window of a stream that has ended meanwhile. What it throws
 * there has no caller: unheard, it would end the process.
 */
import { Bandwidth } from "../../src/drivers/libp2p/rates/bandwidth.ts";
import { usualPeerRates } from "../../src/drivers/libp2p/rates/peer-meter.ts";
import type { Connection, Libp2p } from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { createLibp2p } from "libp2p";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Carrier } from "../../src/drivers/libp2p/carrier.ts";
import { InputWatch, WatchedSocket } from "../../src/drivers/libp2p/rates/input-watch.ts";
import type { RawConnections } from "../../src/drivers/libp2p/raw-connections.ts";
import { watchedMuxer } from "../../src/drivers/libp2p/upgrade-watch.ts";
import { until } from "../support/until.ts";

const unheard: unknown[] = [];
const hear = (error: unknown): void => void unheard.push(error);
let others: NodeJS.UncaughtExceptionListener[];
const nodes: Libp2p[] = [];

beforeEach(() => {
  unheard.splice(0);
  others = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException").on("uncaughtException", hear);
});

afterEach(async () => {
  for (const node of nodes.splice(0)) await node.stop();
  process.off("uncaughtException", hear);
  for (const listener of others) process.on("uncaughtException", listener);
});

/** Nothing comes over it that is looked at. */
const carrier: Carrier = {
  remoteAddress: "127.0.0.1",
  destroyed: false,
  bytesRead: 0,
  bytesWritten: 0,
  watch: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
  stopReading: () => undefined,
  destroy: () => undefined,
  onClose: () => undefined,
};

/** With the muxer as the product runs it. */
async function connected(): Promise<Connection> {
  const watched = new WatchedSocket(new InputWatch(new Bandwidth(undefined, 0), usualPeerRates), carrier, "outbound");
  const raws = { negotiated: () => ({ watched }) } as unknown as RawConnections;
  for (let n = 0; n < 2; n++) {
    nodes.push(
      await createLibp2p({
        addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] },
        transports: [tcp()],
        connectionEncrypters: [noise()],
        streamMuxers: [() => watchedMuxer(yamux()(), raws)],
        connectionMonitor: { enabled: false },
      }),
    );
  }
  const [from, to] = nodes as [Libp2p, Libp2p];
  const connection = await from.dial(to.getMultiaddrs());
  const { muxer } = connection as unknown as { readonly muxer: { getRTT(): number } };
  await until("yamux has measured a round trip", () => muxer.getRTT() >= 0);
  return connection;
}

test("a connection cut in the tick a stream is opened rejects that stream and raises nothing unheard", async () => {
  const connection = await connected();
  const opening = connection.newStream("/ipfs/id/1.0.0");
  connection.abort(new Error("cut"));
  await expect(opening).rejects.toThrow(/\w/);
  await new Promise((resolve) => setImmediate(resolve)); // what was thrown unheard has been reported by now
  expect(unheard).toEqual([]);
});
