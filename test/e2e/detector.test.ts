/** The failure detector among real processes: one is stopped while its sockets stay open, and goes on. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ExplanationView, PeerView } from "../../src/api/views.ts";
import { silentMsMax } from "../../src/core/peers/detector/limits.ts";
import { sleptMsMin } from "../../src/drivers/libp2p/limits.ts";
import { Nursery, type RealNode, untilMeshed } from "../support/real-node.ts";
import { until } from "../support/until.ts";

// Real processes on a machine that may be busy with others.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let nursery: Nursery;

beforeEach(() => void (nursery = new Nursery()));
afterEach(() => nursery.end());

const flags = ["--detector"];

async function peerOf(node: RealNode, other: RealNode): Promise<PeerView> {
  return (await node.ask("GET", `/v1/peers/${other.id}`)).json() as PeerView;
}

async function causeOf(node: RealNode, other: RealNode): Promise<string> {
  return ((await node.ask("GET", `/v1/why?target=${other.id}`)).json() as ExplanationView).cause;
}

test("a process that stops is suspected by all others, let go after 5 s, tells when it goes on, and is linked again", async () => {
  const a = await nursery.start("a", { flags });
  const b = await nursery.start("b", { flags, dial: [a.address] });
  const c = await nursery.start("c", { flags, dial: [a.address, b.address] });
  await untilMeshed([a, b, c]);
  const events = await Promise.all([a, b, c].map((node) => node.events()));
  const linksAtSleep = await Promise.all([a, b].map(async (node) => (await peerOf(c, node)).link));
  const told = (index: number, type: string): Readonly<Record<string, unknown>> | undefined =>
    events[index]?.received.map(({ data }) => data).find((event) => event.type === type)?.detail;

  const toldBefore = events[2]?.received.length;
  c.process.signal("SIGSTOP"); // its sockets stay open, and nobody is at home
  const stopped = performance.now();
  for (const [index, node] of [a, b].entries()) {
    await until(`${node.name} suspects c`, () => told(index, "suspected")?.["peer"] === c.id);
    expect((await peerOf(node, c)).suspicion?.kind).toBe("suspected");
    expect(await causeOf(node, c)).toBe("suspected");
  }
  for (const node of [a, b])
    await until(`${node.name} lets go of c`, async () => !(await node.connected()).includes(c.id), {
      deadlineMs: 15_000,
    });
  expect(performance.now() - stopped).toBeGreaterThan(silentMsMax);
  const metrics = (await a.ask("GET", "/metrics")).text;
  expect(metrics).toMatch(/p2p_sync_suspicions_total\{kind="suspected"\} [1-9]/);

  const sleepsMs = sleptMsMin + 2_000;
  await until("c has slept long enough", () => performance.now() - stopped > sleepsMs, { deadlineMs: 2 * sleepsMs });
  c.process.signal("SIGCONT");
  const resumed = await until("c tells that it slept", () => told(2, "resumed"));
  expect(resumed["sleptMs"]).toBeGreaterThanOrEqual(sleptMsMin);
  await untilMeshed([a, b, c], 30_000);
  // Who slept accuses nobody by what it missed; of a link made since then it may have heard nothing for real.
  const accused = events[2]?.received
    .slice(toldBefore)
    .map(({ data }) => data)
    .filter(({ type }) => type === "suspected");
  expect(accused?.filter(({ detail }) => linksAtSleep.includes(detail?.["link"] as number))).toEqual([]);
  expect((await peerOf(a, c)).suspicion).toBeNull();
});
