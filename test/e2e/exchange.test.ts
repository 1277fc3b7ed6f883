/** It is enough to know one member: the others are found by asking it, and known after a start. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Nursery, untilMeshed } from "../support/real-node.ts";
import { until } from "../support/until.ts";

// Real processes on a machine that may be busy with others.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });

let nursery: Nursery;

beforeEach(() => void (nursery = new Nursery()));
afterEach(() => nursery.end());

test("nodes that know one member only find each other through it, and again after a start without it", async () => {
  const environment = { P2P_SYNC_P2P_DHT: "false" }; // a lookup would find them as well, and sometimes first
  const hub = await nursery.start("hub", { environment });
  const others = await Promise.all(
    ["a", "b", "c"].map((name) => nursery.start(name, { dial: [hub.address], environment })),
  );
  await untilMeshed([hub, ...others], 60_000);
  const [a, b] = others as [(typeof others)[0], (typeof others)[0]];
  const sources = await Promise.all(
    others.map(async (node) => ((await node.ask("GET", "/v1/peers")).json() as { peers: { source: string }[] }).peers),
  );
  expect(sources.flat().map(({ source }) => source)).toContain("told"); // of each two one dialed
  await a.stop();
  await hub.stop();
  const again = await nursery.start("a", { dial: [], environment });
  await until("it finds those it was linked with before", async () => (await again.connected()).includes(b.id), {
    deadlineMs: 60_000,
  });
});
