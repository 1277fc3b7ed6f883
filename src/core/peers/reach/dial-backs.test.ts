import { beforeEach, expect, test } from "vitest";
import type { Instant, PeerId } from "../../../base/brand.ts";
import { decodePeers } from "../../../codec/peers.ts";
import type { DialFailure } from "../../../ports/network.ts";
import type { Effect } from "../../effects.ts";
import { DialBacks } from "./dial-backs.ts";
import { dialBackEveryMsMin, dialBacksMax } from "./limits.ts";

let dialBacks: DialBacks;
beforeEach(() => {
  dialBacks = new DialBacks();
});

const peer = "asker" as PeerId;
const ask = (link: number, ports = [4001], mono = 0, address = "/ip4/11.2.0.1/tcp/40123"): readonly string[] => {
  const out: Effect[] = [];
  dialBacks.asked({ link, peer, address }, 70 + link, ports, { wall: mono as Instant, mono }, out);
  return out.map(lineOf);
};
const probed = (number: number, failure?: DialFailure): readonly string[] => {
  const out: Effect[] = [];
  dialBacks.probed(number, failure, out);
  return out.map(lineOf);
};

function lineOf(effect: Effect): string {
  if (effect.type !== "network") return effect.type;
  if (effect.order.type === "probe") return `#${effect.order.number} ${effect.order.address}`;
  const message = effect.order.type === "send" ? decodePeers(effect.order.frame) : undefined;
  return message?.ok === true && message.value.type === "dialedBack"
    ? `tell #${message.value.number} ${message.value.outcome}`
    : "?";
}

test("the asker is dialed at the host its link comes from, port by port, until it answers", () => {
  expect(ask(1, [4001, 5001])).toEqual(["#1 /ip4/11.2.0.1/tcp/4001/p2p/asker"]);
  expect(probed(1, "refused")).toEqual(["#2 /ip4/11.2.0.1/tcp/5001/p2p/asker"]);
  expect(probed(2)).toEqual(["tell #71 reached"]);
  expect(probed(2)).toEqual([]);
});

test.each<[DialFailure, string]>([
  ["refused", "refused"],
  ["timeout", "timeout"],
  ["wrongPeer", "wrongPeer"],
  ["encryption", "other"],
  ["cancelled", "other"],
])("a failure by %s is told as %s", (failure, told) => {
  ask(1);
  expect(probed(1, failure)).toEqual([`tell #71 ${told}`]);
});

test.each(["/ip4/11.0.0.1/tcp/9/p2p/R/p2p-circuit/p2p/asker", "/dns4/example.org/tcp/9"])(
  "who comes from %s is not dialed",
  (address) => expect(ask(1, [4001], 0, address)).toEqual(["tell #71 notTried"]),
);

test("a link may ask once in 30 s", () => {
  ask(1);
  probed(1);
  expect(ask(1, [4001], dialBackEveryMsMin - 1)).toEqual(["tell #71 notTried"]);
  expect(ask(1, [4001], dialBackEveryMsMin)).toEqual(["#2 /ip4/11.2.0.1/tcp/4001/p2p/asker"]);
});

test("four are dialed back at once, and one more when the link of one is gone, who is told nothing", () => {
  for (let link = 1; link <= dialBacksMax; link++) ask(link);
  expect(ask(9)).toEqual(["tell #79 notTried"]);
  dialBacks.linkLost(1);
  expect(ask(9)).toHaveLength(1);
  expect(probed(1)).toEqual([]);
});
