import { afterEach, expect, test } from "vitest";
import { link, TestNode, TestScope } from "../../../test/support/driver-node.ts";

const scope = new TestScope();
afterEach(() => scope.end());

test("copies are counted by why they leave and by what became of them, RPCs with their bytes", async () => {
  const nodes = [await scope.start("a"), await scope.start("b"), await scope.start("c")] as const;
  const [a, b, c] = nodes;
  for (const node of nodes) TestNode.judging("accept")(node);
  for (const [one, other] of [
    [a, b],
    [a, c],
    [b, c],
  ] as const) {
    const ids = await link(one, other);
    one.admit(ids.out);
    other.admit(ids.in);
  }
  for (const node of nodes)
    await node.until("a mesh of two", () => (node.driver.gossipPeers().mesh.length === 2 ? true : undefined));
  a.driver.carryOut({ type: "publish", payload: new Uint8Array(100).fill(1) });
  const received = (): readonly unknown[] => nodes.map(({ driver }) => driver.traffic().gossip.received);
  await a.until("a copy over each way", () =>
    [b, c].every(({ driver }) => {
      const { accept, duplicate } = driver.traffic().gossip.received;
      return accept === 1 && duplicate === 1;
    })
      ? true
      : undefined,
  );
  expect(received()[0]).toEqual({ accept: 0, ignore: 0, reject: 0, duplicate: 0 });
  expect(nodes.map(({ driver }) => driver.traffic().gossip.sent)).toEqual([
    { publish: 2, forward: 0, answer: 0 },
    { publish: 0, forward: 1, answer: 0 },
    { publish: 0, forward: 1, answer: 0 },
  ]);
  const { gossip } = a.driver.traffic().frames;
  expect(gossip.frames).toBeGreaterThanOrEqual(2 + 2); // a subscription and a copy to each
  expect(gossip.bytes).toBeGreaterThan(2 * 100);
  expect(gossip.bytes).toBeLessThan(a.driver.counters().bytes_sent);
});

test("frames are counted by protocol, with their length prefixes", async () => {
  const [a, b] = [await scope.start("a"), await scope.start("b")];
  const ids = await link(a, b);
  b.driver.carryOut({ type: "acceptLink", link: ids.in });
  a.driver.carryOut({ type: "send", link: ids.out, protocol: "frontier", frame: new Uint8Array(200) });
  a.driver.carryOut({ type: "send", link: ids.out, protocol: "frontier", frame: new Uint8Array(10) });
  await b.until("both", () =>
    b.events.filter(({ type }) => type === "frameReceived").length === 2 ? true : undefined,
  );
  expect(a.driver.traffic().frames.frontier).toEqual({ frames: 2, bytes: 200 + 2 + 10 + 1 });
  expect(a.driver.traffic().frames.walk).toEqual({ frames: 0, bytes: 0 });
});
