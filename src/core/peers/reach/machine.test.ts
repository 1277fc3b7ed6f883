import { beforeEach, describe, expect, test } from "vitest";
import type { Instant, PeerId } from "../../../base/brand.ts";
import { parseIpRange } from "../../../base/ip-range.ts";
import { Prng } from "../../../base/prng.ts";
import { type DialBackOutcome, decodePeers } from "../../../codec/peers.ts";
import type { Direction, LinkId } from "../../../ports/network.ts";
import type { Effect } from "../../effects.ts";
import {
  askDialBackAgainMs,
  askDialBackEveryMs,
  placeAgainMs,
  placeRefusedMs,
  placesWanted,
  reachJitter,
} from "./limits.ts";
import { Reach, type ReachInput } from "./machine.ts";

const local = ["10.0.0.0/8", "192.168.0.0/16"].flatMap((range) => parseIpRange(range) ?? []);
const outside = (link: number): string => `/ip4/11.${link}.0.1/tcp/9/p2p/peer${link}`;
const listening = ["/ip4/192.168.0.2/tcp/4001/p2p/self", "/ip6/::1/tcp/4001/p2p/self"];

let reach: Reach;
let mono: number;

function make(usesRelays: boolean): void {
  reach = new Reach({ prng: new Prng(1), local: () => local, usesRelays });
  mono = 0;
  step({ type: "listening", addresses: listening });
}

/** What a step orders, in short. */
function step(input: ReachInput): readonly string[] {
  const out: Effect[] = [];
  reach.step(input, { wall: mono as Instant, mono }, out);
  return out.flatMap(lineOf);
}

function lineOf(effect: Effect): readonly string[] {
  if (effect.type === "note")
    return effect.note.type === "reachFound" ? [`${effect.note.verdict} by ${effect.note.peers}`] : [];
  if (effect.type !== "network") return [effect.type];
  const { order } = effect;
  if (order.type !== "send") return ["link" in order ? `${order.type} ${order.link}` : order.type];
  const message = decodePeers(order.frame);
  return message.ok && message.value.type === "askDialBack"
    ? [`ask ${order.link} #${message.value.number} ${message.value.ports.join("+")}`]
    : ["?"];
}

const admit = (link: LinkId, address = outside(link), direction: Direction = "outbound"): readonly string[] =>
  step({ type: "admitted", link, peer: `peer${link}` as PeerId, direction, address });
const answer = (link: LinkId, outcome: DialBackOutcome, number = link): readonly string[] =>
  step({ type: "dialedBack", link, number, outcome });
const granted = (link: LinkId): readonly string[] => step({ type: "reserved", link, refused: undefined });
const later = (ms: number): readonly string[] => {
  mono += ms;
  return step({ type: "timePassed" });
};

beforeEach(() => make(true));

describe("a peer that this node dialed", () => {
  test("is asked at once to dial back at the port this node listens on, and again after 10 min", () => {
    expect(admit(1)).toEqual(["ask 1 #1 4001"]);
    expect(answer(1, "reached")).toEqual(["reachable by 1"]);
    expect(later(askDialBackEveryMs * (1 - reachJitter) - 1)).toEqual([]);
    expect(later(askDialBackEveryMs * 2 * reachJitter + 1)).toEqual(["ask 1 #2 4001"]);
  });

  test("is asked again soon where it was busy, which tells nothing", () => {
    admit(1);
    expect(answer(1, "notTried")).toEqual([]);
    expect(reach.snapshot().verdict).toBe("unknown");
    expect(later(askDialBackAgainMs * (1 + reachJitter))).toEqual(["ask 1 #2 4001"]);
  });

  test.each([
    ["by way of a relay", "/ip4/11.0.0.1/tcp/9/p2p/R/p2p-circuit/p2p/peer1"],
    ["on this machine", "/ip4/127.0.0.1/tcp/9"],
    ["at a name", "/dns4/example.org/tcp/9"],
  ])("%s is not asked", (_, address) => expect(admit(1, address)).toEqual([]));

  test("beyond the third is not asked, unless one of those is gone", () => {
    for (let link = 1; link <= 3; link++) admit(link);
    expect(admit(4)).toEqual([]);
    expect(step({ type: "linkLost", link: 2 })).toEqual(["ask 4 #4 4001"]);
  });

  test("counts by its answer to the open question only, and once", () => {
    admit(1);
    expect(answer(1, "reached", 7)).toEqual([]);
    expect(answer(2, "reached", 1)).toEqual([]);
    expect(answer(1, "timeout")).toEqual(["unreachable by 1", "reserve 1"]);
    expect(answer(1, "reached")).toEqual([]);
  });

  test("is asked anew, at all ports, when another port is listened on, or on another network", () => {
    admit(1);
    const addresses = [...listening, "/ip4/11.9.9.9/tcp/5001/p2p/self"];
    expect(step({ type: "listening", addresses })).toEqual(["ask 1 #2 4001+5001"]);
    expect(step({ type: "circumstancesChanged" })).toEqual(["ask 1 #3 4001+5001"]);
  });
});

describe("the verdict", () => {
  test("is that of the majority, and `unreachable` where they are even", () => {
    for (let link = 1; link <= 3; link++) admit(link);
    expect(answer(1, "reached")).toEqual(["reachable by 1"]);
    expect(answer(2, "refused")).toEqual(["unreachable by 2", "reserve 1", "reserve 2"]);
    expect(answer(3, "reached")).toContain("reachable by 3");
  });

  test("counts who dialed in, and of neighbours only where nobody else is", () => {
    admit(1, "/ip4/192.168.0.9/tcp/40000", "inbound");
    expect(reach.snapshot().verdict).toBe("reachable");
    admit(2);
    answer(2, "timeout", 1);
    expect(reach.snapshot().verdict).toBe("unreachable");
    expect(reach.snapshot().witnesses).toEqual([
      { peer: "peer1", outcome: "dialedIn", outside: false },
      { peer: "peer2", outcome: "timeout", outside: true },
    ]);
    admit(3, "/ip4/11.3.0.1/tcp/40000", "inbound");
    admit(4, "/ip4/11.4.0.1/tcp/40000", "inbound");
    expect(reach.snapshot().verdict).toBe("reachable");
  });

  test("is unknown again when those who told are gone", () => {
    admit(1);
    answer(1, "reached");
    expect(step({ type: "linkLost", link: 1 })).toEqual(["unknown by 0"]);
  });
});

describe("places at relays", () => {
  function unreachable(links: number): readonly string[] {
    for (let link = 1; link <= links; link++) admit(link);
    for (let link = 1; link < links; link++) answer(link, "timeout");
    return answer(links, "timeout");
  }

  test("are taken at two, while nobody can dial this node", () => {
    admit(1);
    expect(answer(1, "timeout")).toEqual(["unreachable by 1", "reserve 1"]);
    expect(admit(2)).toContain("reserve 2");
    expect(admit(3).filter((line) => line.startsWith("reserve"))).toEqual([]);
    expect(placesWanted).toBe(2);
  });

  test("are asked for again before the relay's time is over, and only those", () => {
    admit(1);
    answer(1, "timeout");
    granted(1);
    const lines: string[] = [];
    for (let mins = 0; mins < (2 * placeAgainMs) / 60_000 + 1; mins++) lines.push(...later(60_000));
    expect(lines.filter((line) => line.startsWith("reserve"))).toEqual(["reserve 1", "reserve 1"]);
  });

  test("are taken elsewhere when a relay is gone or refuses, which is asked again later", () => {
    unreachable(3);
    granted(1);
    expect(step({ type: "reserved", link: 2, refused: "it is no relay" })).toEqual(["reserve 3"]);
    granted(3);
    expect(reach.snapshot().places).toEqual([
      { peer: "peer1", refused: undefined },
      { peer: "peer2", refused: "it is no relay" },
      { peer: "peer3", refused: undefined },
    ]);
    expect(step({ type: "linkLost", link: 3 })).toEqual([]);
    expect(later(placeRefusedMs * (1 + reachJitter))).toContain("reserve 2");
  });

  test("are given back when peers can dial this node, also one that is granted only then", () => {
    unreachable(2);
    granted(1);
    admit(8, "/ip4/11.8.0.1/tcp/40000", "inbound");
    admit(9, "/ip4/11.9.0.1/tcp/40000", "inbound");
    expect(admit(10, "/ip4/11.10.0.1/tcp/40000", "inbound")).toEqual(["reachable by 5", "release 1"]);
    expect(granted(2)).toEqual(["release 2"]);
    expect(reach.snapshot().places).toEqual([]);
  });

  test("are not taken by a node that is told not to", () => {
    make(false);
    expect(unreachable(1)).toEqual(["unreachable by 1"]);
  });
});
