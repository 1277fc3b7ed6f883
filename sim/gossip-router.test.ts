import { expect, test } from "vitest";
import type { PeerId } from "../src/base/brand.ts";
import { Prng } from "../src/base/prng.ts";
import { EventQueue } from "./event-queue.ts";
import { floodPayloadBytesMax, heartbeatMs, meshLinks, unwantedPayloadBytesMin } from "./gossip-rules.ts";
import { Network } from "./network.ts";
import type { WorldOptions } from "./options.ts";
import type { Port } from "./port.ts";
import { Recorder } from "./recorder.ts";
import { drawOptions } from "./scenarios.ts";

/** Routers that admit every link and accept every message, each linked with each. */
class Meeting {
  readonly queue: EventQueue = new EventQueue();
  readonly network: Network;
  readonly ports: readonly Port[];

  constructor(nodes: number, changes: Partial<WorldOptions> = {}) {
    const options = { ...drawOptions(1, "steady"), delayMsMax: 5, forgottenShare: 0, nodes, ...changes };
    this.network = new Network(this.queue, new Prng(7), options, new Recorder(undefined));
    this.ports = Array.from({ length: nodes }, (_, node) => this.#plug(node));
    for (let a = 0; a < nodes; a++)
      for (let b = 0; b < a; b++) this.ports[a]?.obey({ type: "dial", address: `/${b}`, attempt: 1 });
    this.pass(60 * heartbeatMs);
  }

  pass(ms: number): void {
    this.queue.runUntil(this.queue.now + ms);
  }

  copies(why: "publish" | "forward" | "answer"): number {
    return this.ports.reduce((all, { plug }) => all + this.network.traffic.of(plug.node).sent[why], 0);
  }

  accepted(): number {
    return this.ports.reduce((all, { plug }) => all + this.network.traffic.of(plug.node).received.accept, 0);
  }

  meshSizes(): readonly number[] {
    return this.ports.map(({ gossip }) => gossip.meshSize);
  }

  #plug(node: number): Port {
    const port: Port = this.network.plug({
      node,
      peer: `peer${node}` as PeerId,
      address: `/${node}`,
      hear: (event) => {
        if (event.type === "linkOpened") {
          port.obey({ type: "acceptLink", link: event.link });
          port.obey({ type: "admitLink", link: event.link });
        }
        if (event.type === "gossipReceived") port.obey({ type: "judge", message: event.message, verdict: "accept" });
      },
    });
    return port;
  }
}

function publish(port: Port | undefined, bytes: number): void {
  port?.obey({ type: "publish", payload: new Uint8Array(bytes).fill(bytes % 251) });
}

test("a mesh settles within its bounds, the same on both sides of each link", () => {
  const meeting = new Meeting(20);
  for (const size of meeting.meshSizes()) {
    expect(size).toBeGreaterThanOrEqual(meshLinks.low);
    expect(size).toBeLessThanOrEqual(meshLinks.high);
  }
  expect(meeting.meshSizes().reduce((all, size) => all + size, 0) % 2).toBe(0);
});

test("an own message goes to all who listen and is forwarded over the mesh, not back", () => {
  const meeting = new Meeting(20);
  publish(meeting.ports[0], 100);
  meeting.pass(500);
  expect(meeting.copies("publish")).toBe(19);
  expect(meeting.accepted()).toBe(19);
  const mesh = meeting.meshSizes().reduce((all, size) => all + size, 0);
  const [own = 0] = meeting.meshSizes();
  expect(meeting.copies("forward")).toBeLessThanOrEqual(mesh - own);
  expect(meeting.copies("forward")).toBeGreaterThanOrEqual(mesh - own - 19); // each left out at most the one it came from
});

test("what came over a mesh link does not go back over it", () => {
  const meeting = new Meeting(2);
  publish(meeting.ports[0], 100);
  meeting.pass(500);
  expect([meeting.copies("publish"), meeting.copies("forward"), meeting.accepted()]).toEqual([1, 0, 1]);
});

test("a large own message goes to the mesh only and still reaches all", () => {
  const meeting = new Meeting(20);
  publish(meeting.ports[0], floodPayloadBytesMax + 1);
  meeting.pass(500);
  expect(meeting.copies("publish")).toBe(Math.max(meshLinks.aim, meeting.meshSizes()[0] ?? 0));
  expect(meeting.accepted()).toBe(19);
});

test("whoever has a large message says so and is sent fewer copies", () => {
  const small = new Meeting(20);
  const large = new Meeting(20);
  publish(small.ports[0], unwantedPayloadBytesMin - 1);
  publish(large.ports[0], unwantedPayloadBytesMin);
  for (const meeting of [small, large]) meeting.pass(500);
  expect(large.accepted()).toBe(small.accepted());
  expect(large.copies("forward")).toBeLessThan(small.copies("forward"));
});

test("what was lost on the way is asked for once it is advertised", () => {
  const meeting = new Meeting(20, { loss: 0.5 });
  publish(meeting.ports[0], floodPayloadBytesMax + 1);
  meeting.pass(5 * heartbeatMs);
  expect(meeting.copies("answer")).toBeGreaterThan(0);
  expect(meeting.accepted()).toBe(19);
});

test("at rest there are no heartbeats", () => {
  const meeting = new Meeting(5);
  publish(meeting.ports[0], 100);
  meeting.pass(10 * heartbeatMs);
  const { ran } = meeting.queue;
  meeting.pass(1_000 * heartbeatMs);
  expect(meeting.queue.ran).toBe(ran);
});
