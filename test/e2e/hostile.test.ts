/**
 * Peers that are broken or hostile, over real sockets: none of them ends a node, gets data it was
 * not admitted to, or disturbs the work of others; and whoever is cut is cut with a reason.
 */
import { connect } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Nursery, type RealNode, untilMeshed } from "../support/real-node.ts";
import { admitProtocol, createStranger, type Stranger } from "../support/stranger.ts";
import { until } from "../support/until.ts";

// Real processes on a machine that may be busy with others.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let nursery: Nursery;
let strangers: Stranger[];
let a: RealNode;
let b: RealNode;

beforeEach(async () => {
  nursery = new Nursery();
  strangers = [];
  a = await nursery.start("a");
  b = await nursery.start("b", { dial: [a.address] });
  await untilMeshed([a, b]);
});

afterEach(async () => {
  await Promise.all(strangers.map((each) => each.stop()));
  await nursery.end();
});

async function stranger(listensToAdmit: boolean): Promise<Stranger> {
  const info = (await a.ask("GET", "/v1/info")).json() as { readonly network: { readonly id: string } };
  const made = await createStranger({ topic: `p2p-sync/${info.network.id.slice(0, 16)}`, listensToAdmit });
  strangers.push(made);
  return made;
}

let rounds = 0;

/** A write on each of the two good nodes arrives on the other. */
async function untilStillWorks(): Promise<void> {
  rounds += 1;
  await a.put(`a/${rounds}`, "works");
  await b.put(`b/${rounds}`, "works");
  await until("the good nodes share on", async () => {
    return (await b.get(`a/${rounds}`)) === "works" && (await a.get(`b/${rounds}`)) === "works";
  });
  expect(await a.connected()).toEqual([b.id]);
}

async function untilCounted(sample: string): Promise<void> {
  await until(sample, async () => ((await a.metrics()).get(`p2p_sync_${sample}`) ?? 0) >= 1);
}

test("a libp2p node that never says hello gets no gossip, is in no mesh, and is cut after 5 s with noHello", async () => {
  const silent = await stranger(true);
  const began = performance.now();
  const connection = await silent.dial(a.address);
  await silent.publish(Buffer.from("from a stranger"));
  for (let n = 0; connection.status === "open"; n++) {
    if (performance.now() - began > 12_000) throw new Error("it was not cut");
    if (n % 10 === 0) await a.put(`secret/${n}`, "for members only");
    await until("cut or not", () => connection.status !== "open", { deadlineMs: 100 }).catch(() => undefined);
    expect(silent.gossipPeers()).toEqual({ subscribed: 0, mesh: 0 });
  }
  const seconds = (performance.now() - began) / 1000;
  expect(seconds).toBeGreaterThan(4);
  expect(seconds).toBeLessThan(9);
  expect(silent.gossip).toEqual([]);
  expect(silent.opened).toEqual([admitProtocol]);
  expect(Buffer.concat(silent.heard).toString("latin1")).toContain("no hello within 5 s");
  await untilCounted('goodbyes_total{by="us",code="noHello"}');
  const shown = (await a.peers()).find(({ id }) => id === silent.id);
  expect(shown).toMatchObject({ state: "Failed", direction: null });
  expect(shown?.lastError?.reason).toContain("noHello");
  expect((await a.metrics()).get("p2p_sync_active_connections")).toBe(1);
  await untilStillWorks();
});

test("a libp2p node that knows no admission is cut within the same time, with a reason", async () => {
  const ignorant = await stranger(false);
  const connection = await ignorant.dial(a.address);
  await until("it is cut", () => connection.status !== "open", { deadlineMs: 9_000 });
  expect(ignorant.gossip).toEqual([]);
  const shown = await until("the reason is shown", async () => {
    const found = (await a.peers()).find(({ id }) => id === ignorant.id);
    return found?.state === "Failed" ? found : undefined;
  });
  expect(shown.lastError?.reason ?? "").not.toBe("");
  await untilStillWorks();
});

test("streams other than admission are refused to a node that was not admitted", async () => {
  const pushy = await stranger(true);
  const connection = await pushy.dial(a.address);
  for (const protocol of ["/meshsub/1.2.0", "/meshsub/1.1.0"]) {
    const stream = await pushy.openStream(connection, protocol).catch(() => undefined);
    if (stream === undefined) continue; // refused while it was agreed on
    await until(`${protocol} is closed`, () => stream.status !== "open");
  }
  await untilStillWorks();
});

test("a frame over the limit is refused from its length alone, and the link closed", async () => {
  const shouter = await stranger(true);
  const connection = await shouter.dial(a.address);
  const stream = await shouter.openStream(connection, admitProtocol);
  stream.send(Buffer.from([0x80, 0x80, 0xc0, 0x05])); // varint of 11 MiB, and not one byte of the frame
  await untilCounted('notes_total{kind="frameRefused"}');
  await until("the link is closed", () => connection.status !== "open");
  const shown = (await a.peers()).find(({ id }) => id === shouter.id);
  expect(shown?.lastError?.reason).toMatch(/11534336|limit/);
  await untilStillWorks();
});

test("an admission message nobody understands ends that link with a reason, and nothing else", async () => {
  const babbler = await stranger(true);
  const connection = await babbler.dial(a.address);
  const stream = await babbler.openStream(connection, admitProtocol);
  stream.send(Buffer.from([5, 0xff, 0xff, 0xff, 0xff, 0xff]));
  await untilCounted('notes_total{kind="frameMalformed"}');
  await until("the link is closed", () => connection.status !== "open");
  await untilStillWorks();
});

const greetings: readonly { readonly what: string; readonly bytes: Buffer }[] = [
  { what: "zeros", bytes: Buffer.alloc(4_096) },
  { what: "ones", bytes: Buffer.alloc(4_096, 0xff) },
  { what: "an HTTP request", bytes: Buffer.from("GET / HTTP/1.1\r\nhost: x\r\n\r\n") },
  { what: "half a greeting", bytes: Buffer.from("\u0013/multistream/1.0") },
  { what: "noise without a handshake", bytes: Buffer.from("\u0013/multistream/1.0.0\n\u0007/noise\n\uffff\uffff") },
  { what: "a megabyte", bytes: Buffer.alloc(1_048_576, "p2p") },
  { what: "nothing at all", bytes: Buffer.alloc(0) },
];

test("raw bytes on the port, of any kind and many at once, end no node", async () => {
  const sockets = Array.from({ length: 3 }, () => greetings)
    .flat()
    .map(({ bytes }) => {
      const socket = connect(a.p2pPort, "127.0.0.1");
      socket.on("error", () => socket.destroy()); // the node may reset what it does not understand
      socket.write(bytes);
      return socket;
    });
  await until("all are through", () => sockets.every((socket) => !socket.connecting));
  await untilStillWorks();
  for (const [n, socket] of sockets.entries()) {
    if (n % 2 === 0) socket.resetAndDestroy();
    else socket.end();
  }
  await untilStillWorks();
  await until("their sockets are gone", async () => (await a.metrics()).get("p2p_sync_active_connections") === 1);
});
