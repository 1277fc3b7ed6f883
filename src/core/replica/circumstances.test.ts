import { beforeEach, expect, test } from "vitest";
import { createMemoryStore } from "../../../sim/memory-store.ts";
import { Meeting, Member } from "../../../test/support/member.ts";
import { decodeAdmit } from "../../codec/admit.ts";
import { decodePeers, encodePeers } from "../../codec/peers.ts";
import type { OutwardEffect } from "../../node/turn.ts";

let meeting: Meeting;
let ann: Member;
let bea: Member;
let cid: Member;
let links: readonly [number, number, number];

/** Only ann's detector is on. */
beforeEach(() => {
  meeting = new Meeting();
  ann = new Member(1, 1_790_000_000_000, createMemoryStore(), [], true);
  [bea, cid] = [new Member(2, 1_790_000_000_000), new Member(3, 1_790_000_000_000)];
  links = [meeting.link(ann, bea), meeting.link(ann, cid), meeting.link(bea, cid)];
});

const all = (): readonly Member[] => [ann, bea, cid];
const verdicts = ["suspected", "unreachableDirectly", "suspicionEnded", "selfDoubted", "resumed"];
const verdictsOf = (member: Member): readonly string[] =>
  member.notes.map(({ type }) => type).filter((type) => verdicts.includes(type));

/** Time passes for ann alone, and nothing that she sends arrives; what of it went over each link's peers protocol. */
function alone(ms: number, keepsAlive?: number): readonly OutwardEffect[] {
  const said: OutwardEffect[] = [];
  for (let passed = 0; passed < ms; passed += 25) {
    ann.mono += 25;
    ann.wall += 25;
    said.push(...ann.take({ type: "timePassed" }));
    if (keepsAlive !== undefined)
      ann.take({
        type: "frameReceived",
        link: keepsAlive,
        protocol: "peers",
        frame: encodePeers({ type: "probed", number: 0 }),
      });
  }
  return said;
}

test("members whose detectors are off answer probes, and nobody is suspected", () => {
  meeting.pass(20_000, all(), 25);
  expect(all().flatMap(verdictsOf)).toEqual([]);
});

test("a silent member is suspected within a second, and after 5 s its link is closed as stale, with a goodbye", () => {
  meeting.pass(5_000, all(), 25);
  const asked = alone(1_000, links[1]).flatMap((effect) =>
    effect.type === "network" && effect.order.type === "send" && effect.order.link === links[1]
      ? [decodePeers(effect.order.frame)]
      : [],
  );
  expect(asked).toContainEqual({ ok: true, value: { type: "probeOther", number: expect.any(Number), peer: bea.self } });
  expect(verdictsOf(ann)).toEqual(["suspected"]);
  const effects = alone(5_000, links[1]);
  const orders = effects.flatMap((effect) => (effect.type === "network" ? [effect.order] : []));
  const goodbye = orders.flatMap((order) =>
    order.type === "send" && order.protocol === "admit" ? [[order.link, decodeAdmit(order.frame)]] : [],
  );
  expect(goodbye).toEqual([
    [links[0], { ok: true, value: expect.objectContaining({ type: "goodbye", code: "stale" }) }],
  ]);
  expect(orders).toContainEqual(expect.objectContaining({ type: "closeLink", link: links[0], code: "stale" }));
  expect(verdictsOf(ann)).toEqual(["suspected", "suspicionEnded"]);
});

test("a frame of any protocol ends a suspicion", () => {
  meeting.pass(5_000, all(), 25);
  alone(1_000, links[1]);
  ann.gossip(new Uint8Array([9]), bea.self);
  expect(verdictsOf(ann)).toEqual(["suspected", "suspicionEnded"]);
});

test("another member says whom it reaches, for who cannot", () => {
  const numbers: unknown[] = [];
  const probe = encodePeers({ type: "probeOther", number: 7, peer: cid.self });
  for (const effect of bea.take({ type: "frameReceived", link: links[0], protocol: "peers", frame: probe }))
    if (effect.type === "network" && effect.order.type === "send")
      for (const answer of cid.take({ ...effect.order, type: "frameReceived" }))
        if (answer.type === "network" && answer.order.type === "send")
          for (const relayed of bea.take({ ...answer.order, type: "frameReceived" }))
            if (relayed.type === "network" && relayed.order.type === "send")
              numbers.push([relayed.order.link, decodePeers(relayed.order.frame)]);
  expect(numbers).toEqual([[links[0], { ok: true, value: { type: "probedOther", number: 7, reached: true } }]]);
});

test("a sleep is told, its silence accuses nobody, and what waits to be dialed is dialed at once", () => {
  meeting.pass(5_000, all(), 25);
  ann.take({ type: "candidateFound", address: "/ip4/192.0.2.1/tcp/1", peer: undefined, source: "static" });
  ann.take({ type: "dialFailed", address: "/ip4/192.0.2.1/tcp/1", attempt: 1, failure: "timeout", detail: "" });
  ann.mono += 400;
  const effects = ann.take({ type: "resumed", sleptMs: 21_600_000 });
  const orders = effects.flatMap((effect) => (effect.type === "network" ? [effect.order] : []));
  expect(orders.filter(({ type }) => type === "dial").length).toBe(1);
  expect(orders.filter(({ type }) => type === "send").length).toBe(2); // a probe on each of her links
  expect(verdictsOf(ann)).toEqual(["resumed"]);
});

test("other addresses are told, and what waits to be dialed is dialed at once", () => {
  ann.take({ type: "candidateFound", address: "/ip4/192.0.2.1/tcp/1", peer: undefined, source: "static" });
  ann.take({ type: "dialFailed", address: "/ip4/192.0.2.1/tcp/1", attempt: 1, failure: "timeout", detail: "" });
  const effects = ann.take({ type: "addressesChanged", added: ["192.0.2.9"], removed: [] });
  const order = { type: "dial", address: "/ip4/192.0.2.1/tcp/1", attempt: 2 };
  expect(effects).toContainEqual({ type: "network", order });
  expect(ann.notes).toContainEqual({ type: "addressesChanged", added: ["192.0.2.9"], removed: [] });
});
