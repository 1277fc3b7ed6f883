/** The wrapper around a driver, which is here a list of what reached it. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { PeerId } from "../../base/brand.ts";
import type { NetworkEvent, NetworkOrder } from "../../ports/network.ts";
import { type FaultSet, noFaults } from "./fault-set.ts";
import { FaultyNetwork, withoutNetworkFaults } from "./network-faults.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const near = "near" as PeerId;
const far = "far" as PeerId;
const cutFar: FaultSet = { ...noFaults, cut: [far] };

function between(faults: FaultSet = noFaults): {
  readonly wire: FaultyNetwork;
  readonly orders: NetworkOrder[];
  readonly events: NetworkEvent[];
  readonly taken: [number, number][];
} {
  const orders: NetworkOrder[] = [];
  const events: NetworkEvent[] = [];
  const taken: [number, number][] = [];
  const wire = new FaultyNetwork(
    {
      carryOut: (order) => void orders.push(order),
      taken: (link, bytes) => void taken.push([link, bytes]),
      hear: (event) => void events.push(event),
      dialRefused: () => undefined,
    },
    faults,
  );
  return { wire, orders, events, taken };
}

function opened(link: number, peer: PeerId, attempt?: number): NetworkEvent {
  const direction = attempt === undefined ? "inbound" : "outbound";
  return { type: "linkOpened", link, peer, direction, address: "/ip4/127.0.0.1/tcp/9", attempt };
}
const frame = (link: number, byte = 0): NetworkEvent => ({
  type: "frameReceived",
  link,
  protocol: "frontier",
  frame: Uint8Array.of(byte),
});
const gossip = (from: PeerId, message: number): NetworkEvent => ({
  type: "gossipReceived",
  from,
  message,
  payload: new Uint8Array(1),
});
const closed = (link: number): NetworkEvent => ({ type: "linkClosed", link, reason: "gone" });
const send = (link: number): NetworkOrder => ({ type: "send", link, protocol: "ack", frame: new Uint8Array(1) });

test("without faults everything passes at once, as through the null object", () => {
  const { wire, orders, events } = between();
  const order: NetworkOrder = { type: "dial", address: "/ip4/127.0.0.1/tcp/9/p2p/far", attempt: 1 };
  const all = [opened(1, far, 1), frame(1), gossip(far, 1), closed(1)];
  wire.carryOut(order);
  for (const event of all) wire.hear(event);
  expect(orders).toEqual([order]);
  expect(events).toEqual(all);
  const heard: NetworkEvent[] = [];
  const nothing = withoutNetworkFaults({ carryOut: () => undefined, hear: (event) => void heard.push(event) });
  for (const event of all) nothing.hear(event);
  expect(heard).toEqual(all);
});

test("a cut closes open links without a word, and nothing passes either way meanwhile", () => {
  const { wire, orders, events, taken } = between();
  wire.hear(opened(1, far));
  wire.hear(opened(2, near));
  wire.apply(cutFar);
  expect(orders.map((order) => [order.type, "link" in order ? order.link : 0])).toEqual([["closeLink", 1]]);
  wire.carryOut(send(1));
  wire.carryOut(send(2));
  wire.hear(frame(1));
  wire.hear(frame(2));
  wire.hear(gossip(far, 5));
  wire.hear(closed(1));
  expect(orders.slice(1)).toEqual([send(2), { type: "judge", message: 5, verdict: "ignore" }]);
  expect(taken).toEqual([[1, 1]]);
  expect(events).toEqual([opened(1, far), opened(2, near), frame(2), closed(1)]);
});

test("a dial to a cut peer fails as unreachable without reaching the driver, and works after the heal", () => {
  const { wire, orders, events } = between(cutFar);
  const dial: NetworkOrder = { type: "dial", address: "/ip4/127.0.0.1/tcp/9/p2p/far", attempt: 7 };
  wire.carryOut(dial);
  expect(events).toEqual([]); // an outcome is a later event
  vi.runAllTimers();
  expect(events).toMatchObject([{ type: "dialFailed", attempt: 7, failure: "unreachable" }]);
  wire.apply(noFaults);
  wire.carryOut(dial);
  expect(orders).toEqual([dial]);
});

test("a link that a cut peer opens is closed and never shown; a dial that found it has failed", () => {
  const { wire, orders, events } = between(cutFar);
  wire.hear(opened(1, far));
  wire.hear(frame(1));
  wire.hear(closed(1));
  expect(orders).toMatchObject([{ type: "closeLink", link: 1 }]);
  expect(events).toEqual([]);
  wire.carryOut({ type: "dial", address: "/dns4/host/tcp/9", attempt: 3 });
  wire.hear(opened(2, far, 3));
  expect(events).toMatchObject([{ type: "dialFailed", attempt: 3, address: "/dns4/host/tcp/9" }]);
});

test("a slow peer's frames come later, in order, with the end of the link behind them", () => {
  const { wire, events } = between({ ...noFaults, delayMs: { [far]: 200 } });
  wire.hear(opened(1, far));
  wire.hear(frame(1, 1));
  vi.advanceTimersByTime(100);
  wire.hear(frame(1, 2));
  wire.hear(closed(1));
  wire.hear(opened(2, near));
  wire.hear(frame(2));
  expect(events).toEqual([opened(1, far), opened(2, near), frame(2)]);
  vi.advanceTimersByTime(100);
  expect(events.slice(3)).toEqual([frame(1, 1)]);
  vi.advanceTimersByTime(100);
  expect(events.slice(3)).toEqual([frame(1, 1), frame(1, 2), closed(1)]);
});

test("gossip of a slow peer is held up too", () => {
  const { wire, events } = between({ ...noFaults, delayMs: { [far]: 200 } });
  wire.hear(gossip(far, 1));
  wire.hear(gossip(near, 2));
  expect(events).toEqual([gossip(near, 2)]);
  vi.advanceTimersByTime(200);
  expect(events).toEqual([gossip(near, 2), gossip(far, 1)]);
});

test("what waits when the cut comes is lost, and still reported as taken", () => {
  const { wire, events, taken } = between({ ...noFaults, delayMs: { [far]: 200 } });
  wire.hear(opened(1, far));
  wire.hear(frame(1));
  wire.apply(cutFar);
  vi.runAllTimers();
  expect(taken).toEqual([[1, 1]]);
  expect(events).toEqual([opened(1, far)]);
});

test("a lossy link loses its share of gossip for good, the same for the same seed", () => {
  const lostBy = (seed: number): number[] => {
    const { wire, orders } = between({ ...noFaults, lossPercent: { [far]: 30 }, seed });
    for (let n = 0; n < 1_000; n++) wire.hear(gossip(far, n));
    return orders.map((order) => (order.type === "judge" ? order.message : -1));
  };
  expect(lostBy(5)).toEqual(lostBy(5));
  expect(lostBy(5)).not.toEqual(lostBy(6));
  expect(lostBy(5).length).toBeGreaterThan(250);
  expect(lostBy(5).length).toBeLessThan(350);
});

test("frames of a lossy link are never lost: they come late, by the time of retransmissions", () => {
  const { wire, events } = between({ ...noFaults, lossPercent: { [far]: 100 } });
  wire.hear(opened(1, far));
  wire.hear(frame(1));
  vi.advanceTimersByTime(12_599);
  expect(events).toEqual([opened(1, far)]);
  vi.advanceTimersByTime(1);
  expect(events).toEqual([opened(1, far), frame(1)]);
});
