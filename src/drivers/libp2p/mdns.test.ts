import { afterEach, expect, test } from "vitest";
import type { NetworkDriverOptions } from "./driver-types.ts";
import { TestNode } from "./test-node.ts";

const nodes: TestNode[] = [];

afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.driver.stop()));
});

async function started(name: string, overrides: Partial<NetworkDriverOptions> = {}): Promise<TestNode> {
  const node = await TestNode.create(name, {
    mdns: { enabled: true, networkName: "home", networkId: "0123456789abcdef".repeat(4) },
    ...overrides,
  });
  nodes.push(node);
  await node.driver.start();
  return node;
}

test("nodes of one network on one host find each other, and report strangers once", async () => {
  const foreign = { mdns: { enabled: true, networkName: "else\u0007where", networkId: "fedcba9876543210".repeat(4) } };
  const [a, b, c] = [await started("mdns-a"), await started("mdns-b"), await started("mdns-c", foreign)];
  for (const [node, other] of [
    [a, b],
    [b, a],
  ] as const) {
    const found = await node.event("candidateFound", (event) => event.peer === other.driver.peerId);
    expect(found).toMatchObject({ address: other.address, source: "mdns" });
    expect((await node.fact("strangerHeard", (fact) => fact.peer === c.driver.peerId)).networkName).toBe("elsewhere");
  }
  await c.fact("strangerHeard", (fact) => fact.peer === a.driver.peerId);
  const candidates = a.events.flatMap((event) => (event.type === "candidateFound" ? [event.peer] : []));
  expect(candidates).not.toContain(a.driver.peerId);
  expect(candidates).not.toContain(c.driver.peerId);
});
