import { afterEach, expect, test } from "vitest";
import { type TestNode, TestScope } from "../../../test/support/driver-node.ts";
import type { LinkResources } from "../../ports/link-resources.ts";
import { frameBytesMax, untakenBytesMax } from "./limits.ts";

const scope = new TestScope();
afterEach(() => scope.end());

function of(node: TestNode): LinkResources {
  const [only, ...more] = node.driver.links();
  if (only === undefined || more.length > 0) throw new Error(`${more.length + 1} links`);
  return only;
}

test("a link counts its frames, its socket's bytes and its streams, on both sides", async () => {
  const before = Date.now();
  const { a, b, ...ids } = await scope.admittedPair();
  const bodies = ["one", "two", "three"];
  for (const body of bodies) a.send(ids.out, "frontier", body);
  await b.event("frameReceived", (event) => Buffer.from(event.frame).toString() === "three");
  const [out, into] = [of(a), of(b)];
  expect(out).toMatchObject({ link: ids.out, peer: b.driver.peerId, direction: "outbound", admitted: true });
  expect(into).toMatchObject({ link: ids.in, peer: a.driver.peerId, direction: "inbound", admitted: true });
  expect(b.address).toContain(out.address);
  expect(out.openedAt).toBeGreaterThanOrEqual(before);
  const bodyBytes = bodies.join("").length;
  expect(out).toMatchObject({ sent: { frames: 3, bytes: bodyBytes + 3 }, received: { frames: 0, bytes: 0 } });
  expect(into).toMatchObject({ sent: { frames: 0, bytes: 0 }, received: { frames: 3, bytes: bodyBytes } });
  expect(out.streams).toBeGreaterThan(0);
  expect(out.socket.sentBytes).toBeGreaterThan(bodyBytes);
  expect(into.socket.receivedBytes).toBeGreaterThan(bodyBytes);
  expect([out.queuedBytes, into.untakenBytes]).toEqual([0, 0]);
});

test("what a slow core has not dealt with is shown on its side, what waits for it on the other", async () => {
  const { a, b, ...ids } = await scope.admittedPair();
  b.takesAtOnce = false;
  const frame = new Uint8Array(frameBytesMax.frontier);
  for (let n = 0; n < 7; n++) a.driver.carryOut({ type: "send", link: ids.out, protocol: "frontier", frame });
  await b.until("b is behind", () => (of(b).untakenBytes > untakenBytesMax ? true : undefined));
  expect(of(a).queuedBytes).toBeGreaterThan(0);
  b.takesAtOnce = true;
  b.takeAll();
  await b.until("all is dealt with", () =>
    of(b).received.frames === 7 && of(b).untakenBytes === 0 ? true : undefined,
  );
  await a.until("nothing waits", () => (of(a).queuedBytes === 0 ? true : undefined));
});

test("a link that has ended costs nothing any more", async () => {
  const { a, ...ids } = await scope.admittedPair();
  a.driver.carryOut({ type: "closeLink", link: ids.out, code: "other", reason: "enough" });
  await a.event("linkClosed");
  expect(a.driver.links()).toEqual([]);
});
