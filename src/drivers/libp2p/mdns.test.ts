import { afterEach, expect, test } from "vitest";
import { TestScope, usualLiveOptions } from "../../../test/support/driver-node.ts";

const scope = new TestScope();
afterEach(() => scope.end());

const home = { mdns: true, network: { name: "home", id: "0123456789abcdef".repeat(4) } };

test("nodes of one network on one host find each other, and report strangers once", async () => {
  const foreign = { mdns: true, network: { name: "else\u0007where", id: "fedcba9876543210".repeat(4) } };
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

test("is switched on, off and on again while the driver runs", async () => {
  const a = await scope.start("mdns-a", home);
  const b = await scope.start("mdns-b", { ...home, mdns: false });
  const finds = async (times: number): Promise<void> => {
    const found = (): number =>
      a.events.filter((event) => event.type === "candidateFound" && event.peer === b.driver.peerId).length;
    await a.until("candidateFound", () => (found() >= times ? true : undefined));
  };
  expect(b.driver.mdnsHealth().enabled).toBe(false);
  b.driver.adjust({ ...usualLiveOptions, mdns: true });
  await finds(1);
  b.driver.adjust({ ...usualLiveOptions, mdns: false });
  expect(b.driver.mdnsHealth().enabled).toBe(false);
  b.driver.adjust({ ...usualLiveOptions, mdns: true });
  await finds(2); // which is news, because it said farewell
});
