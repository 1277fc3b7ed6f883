/**
 * Real nodes share keys over each transport alone, and say so.
 */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { loadQuic } from "../../src/drivers/libp2p/quic/native.ts";
import { Nursery, type RealNode, untilMeshed } from "../support/real-node.ts";
import { until } from "../support/until.ts";

// Real processes on a machine that may be busy with others.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const quic = await loadQuic();
const withoutQuic = "problem" in quic ? quic.problem : undefined;

let nursery: Nursery;

beforeEach(() => void (nursery = new Nursery()));
afterEach(() => nursery.end());

async function untilReads(node: RealNode, key: string, value: string): Promise<void> {
  await until(`${node.name} reads ${key}`, async () => (await node.get(key)) === value);
}

async function shareKeys(flags: readonly string[], environment: Record<string, string> = {}): Promise<RealNode[]> {
  const a = await nursery.start("a", { flags, environment });
  const b = await nursery.start("b", { flags, environment, dial: [a.address] });
  await untilMeshed([a, b]);
  await a.put("from a", "1");
  await b.put("from b", "2");
  await untilReads(b, "from a", "1");
  await untilReads(a, "from b", "2");
  return [a, b];
}

// Needs the optional package, which npm leaves out on other platforms and under Node before 22.
test.skipIf(withoutQuic !== undefined)("a key syncs both ways over QUIC alone", async () => {
  const [a, b] = await shareKeys(["--transport", "quic"]);
  expect(a?.address).toContain("/quic-v1/");
  expect(JSON.stringify(await b?.peers())).toContain('"transport":"quic/ip4"');
});

test("a key syncs both ways over WebSockets alone", async () => {
  const [a, b] = await shareKeys(["--transport", "ws", "--ws-port", "0"]);
  expect(a?.address).toMatch(/\/tcp\/\d+\/ws\//);
  expect(JSON.stringify(await b?.peers())).toContain('"transport":"ws/ip4"');
});

test("a key syncs both ways over TLS alone", async () => {
  const nodes = await shareKeys([], { P2P_SYNC_P2P_ENCRYPTERS: "tls" });
  expect(nodes.every(({ address }) => address.includes("/tcp/"))).toBe(true);
});

/** Hides the optional package from a process, as if npm had left it out. */
const hidesQuic = `import { registerHooks } from "node:module";
registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith("@chainsafe/libp2p-quic")) throw new Error("Cannot find package '@chainsafe/libp2p-quic'");
    return next(specifier, context);
  },
});`;

test("a transport whose package npm left out is told with what to do, by info and by netcheck", async () => {
  const preload = `--import=data:text/javascript,${encodeURIComponent(hidesQuic)}`;
  const environment = { NODE_OPTIONS: preload };
  const node = await nursery.start("a", { flags: ["--transport", "tcp,quic"], environment });
  expect(node.addresses.every((address) => address.includes("/tcp/"))).toBe(true);
  const remedy =
    /^quic is configured, but cannot be used here: Cannot find package .*npm install @chainsafe\/libp2p-quic/;
  expect((await node.ask("GET", "/v1/info")).json()).toMatchObject({
    transports: ["tcp", "quic"],
    missingTransports: [expect.stringMatching(remedy)],
  });
  expect((await node.ask("GET", "/v1/netcheck")).json()).toMatchObject({
    status: "degraded",
    checks: expect.arrayContaining([
      { name: "transports", status: "degraded", message: expect.stringMatching(remedy) },
    ]),
  });
});
