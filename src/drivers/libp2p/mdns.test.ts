import { afterEach, expect, test } from "vitest";
import { TestScope } from "../../../test/support/driver-node.ts";

const scope = new TestScope();
afterEach(() => scope.end());

const home = { mdns: { enabled: true, networkName: "home", networkId: "0123456789abcdef".repeat(4) } };

test("nodes of one network on one host find each other, and report strangers once", async () => {
  const foreign = { mdns: { enabled: true, networkName: "else\u0007where", networkId: "fedcba9876543210".repeat(4) } };
  const [a, b, c] = [
    await scope.start("mdns-a", home),
    await scope.start("mdns-b", home),
    await scope.start("mdns-c", foreign),
  ];
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
