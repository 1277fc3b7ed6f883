/**
 * The eight counters tell the truth: they are held against a relay that counts what really went
 * over the wire between two nodes, and against each other.
 */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { countingRelay, type Relay } from "../support/driver-node.ts";
import { Nursery, type RealNode, untilConverged, untilMeshed } from "../support/real-node.ts";
import { until } from "../support/until.ts";

// Real processes on a machine that may be busy with others.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let nursery: Nursery;
const relays: Relay[] = [];

beforeEach(() => void (nursery = new Nursery()));

afterEach(async () => {
  await Promise.all(relays.splice(0).map((relay) => relay.close()));
  await nursery.end();
});

/** Node `b` reaches `a` through a relay only. */
async function relayed(): Promise<{ a: RealNode; b: RealNode; relay: Relay }> {
  const a = await nursery.start("a");
  const relay = await countingRelay(a.p2pPort);
  relays.push(relay);
  const b = await nursery.start("b", { dial: [a.address.replace(`/tcp/${a.p2pPort}/`, `/tcp/${relay.port}/`)] });
  await untilMeshed([a, b]);
  return { a, b, relay };
}

async function counters(node: RealNode): Promise<Readonly<Record<string, number>>> {
  return (await node.status()).counters;
}

interface Bytes {
  readonly toA: readonly (number | undefined)[];
  readonly toB: readonly (number | undefined)[];
}

/** What sender, wire and receiver say of the same bytes, and the same of messages without the wire. */
async function seen(a: RealNode, b: RealNode, relay: Relay): Promise<Bytes> {
  const wire = { ...relay.counted };
  const [ofA, ofB] = [await counters(a), await counters(b)];
  return {
    toA: [ofB["bytes_sent"], wire.fromClient, relay.counted.fromClient, ofA["bytes_received"]],
    toB: [ofA["bytes_sent"], wire.fromTarget, relay.counted.fromTarget, ofB["bytes_received"]],
  };
}

const allEqual = (numbers: readonly unknown[]): boolean => numbers.every((each) => each === numbers[0]);

test("bytes sent and received are those on the wire, to the byte, and messages sent are those received", async () => {
  const { a, b, relay } = await relayed();
  for (let n = 0; n < 20; n++) {
    await a.put(`a/${n}`, "x".repeat(n * 100));
    await b.put(`b/${n}`, "y".repeat(n));
  }
  await a.putAll(Array.from({ length: 500 }, (_, n) => [`batch/${n}`, `value ${n}`] as const));
  await untilConverged([a, b], 540);
  let last: Bytes | undefined;
  await until(
    "sender, wire and receiver agree on the bytes",
    async () => {
      last = await seen(a, b, relay);
      return allEqual(last.toA) && allEqual(last.toB) && (last.toA[0] ?? 0) > 20 && (last.toB[0] ?? 0) > 100_000 / 4;
    },
    { seen: () => last },
  );
  let messages: readonly (number | undefined)[] = [];
  await until(
    "sender and receiver agree on the messages",
    async () => {
      const [ofA, ofB] = [await counters(a), await counters(b)];
      messages = [ofA["messages_sent"], ofB["messages_received"], ofB["messages_sent"], ofA["messages_received"]];
      return messages[0] === messages[1] && messages[2] === messages[3];
    },
    { seen: () => messages },
  );
  // 21 writes of one side and 20 of the other each went out as a message at least.
  expect(messages[0]).toBeGreaterThanOrEqual(21);
  expect(messages[2]).toBeGreaterThanOrEqual(20);
  for (const node of [a, b]) {
    expect(await counters(node)).toMatchObject({ total_connections: 1, active_connections: 1, blocks_propagated: 0 });
  }
});

test("the bytes of a farewell count, too, and a closed link is no longer active", async () => {
  const { a, b, relay } = await relayed();
  await b.put("k", "v");
  await untilConverged([a, b], 1);
  await b.stop();
  await until("the relay has nothing open", () => relay.open() === 0);
  await until("a agrees with the wire", async () => {
    const { bytes_received: received, bytes_sent: sent, active_connections: active } = await counters(a);
    return received === relay.counted.fromClient && sent === relay.counted.fromTarget && active === 0;
  });
  expect((await counters(a))["total_connections"]).toBe(1);
});

test("the metrics show the same eight numbers as the status", async () => {
  const { a, b } = await relayed();
  await a.put("k", "v");
  await untilConverged([a, b], 1);
  const names = [
    "total_connections",
    "active_connections",
    "messages_sent",
    "messages_received",
    "bytes_sent",
    "bytes_received",
    "blocks_propagated",
    "transactions_propagated",
  ];
  await until("status and metrics agree", async () => {
    const [status, metrics] = [await counters(a), await a.metrics()];
    return names.every((name) => status[name] !== undefined && metrics.get(`p2p_sync_${name}`) === status[name]);
  });
});

test("transactions_propagated counts batches passed on to somebody: by the writer, by the middle of a chain, not by its end", async () => {
  const a = await nursery.start("a");
  await a.put("alone", "nobody hears it");
  expect((await counters(a))["transactions_propagated"], "alone").toBe(0);
  const b = await nursery.start("b", { dial: [a.address] });
  const c = await nursery.start("c", { dial: [b.address] });
  await untilMeshed([a, b]);
  await untilMeshed([b, c]);
  await untilConverged([a, b, c], 1);
  for (let n = 0; n < 10; n++) await a.put(`k/${n}`, "v");
  await untilConverged([a, b, c], 11);
  expect((await counters(a))["transactions_propagated"], "writer").toBe(10);
  expect((await counters(b))["transactions_propagated"], "middle").toBe(10);
  expect((await counters(c))["transactions_propagated"], "end").toBe(0);
});
