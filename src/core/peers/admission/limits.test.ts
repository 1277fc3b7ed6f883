import { describe, expect, test } from "vitest";
import { Side, hello } from "../../../../test/support/admission-side.ts";
import type { PeerId } from "../../../base/brand.ts";
import type { Direction } from "../../../ports/network.ts";
import {
  evictedAfterMsMin,
  evictedSeconds,
  helloWithinMs,
  linksMax,
  outboundReserved,
  strangersMax,
} from "../limits.ts";

describe("limits", () => {
  const peer = (i: number): PeerId => `peer${String(i).padStart(3, "0")}` as PeerId;
  const directionOf = (i: number): Direction => (i > linksMax - outboundReserved ? "outbound" : "inbound");
  const fullSide = (): Side => {
    const side = new Side();
    for (let i = 1; i <= linksMax; i++) side.admit(i, peer(i), directionOf(i));
    return side;
  };

  test("50 peers are admitted, the next is told that all places are taken; a place comes back", () => {
    const side = fullSide();
    expect(side.admit(90, peer(90))).toEqual(["90: hello", "90: goodbye full", "90: closeLink"]);
    side.step({ type: "linkClosed", link: 1, reason: "x" });
    expect(side.admit(91, peer(91))).toContain("91: admitLink");
  });

  test("50 are admitted also when 80 said hello before the first was", () => {
    const side = new Side();
    for (let i = 1; i <= 80; i++) {
      side.open(i, peer(i), directionOf(i));
      side.hear(i, hello());
    }
    const ends = Array.from({ length: 80 }, (_, i) => side.hear(i + 1, { type: "welcome" }));
    expect(side.machine.admitted()).toHaveLength(linksMax);
    expect(ends[linksMax]).toEqual([`${linksMax + 1}: goodbye full`, `${linksMax + 1}: closeLink`]);
  });

  test("42 of them may have dialed in; the next that does is told so", () => {
    const side = new Side();
    for (let i = 1; i <= linksMax - outboundReserved; i++) side.admit(i, peer(i), "inbound");
    expect(side.admit(90, peer(90), "inbound")).toEqual(["90: hello", "90: goodbye full", "90: closeLink"]);
    expect(side.reasons.at(-1)).toBe("all 42 places for peers that dial in are taken");
    expect(side.admit(91, peer(91), "outbound")).toContain("91: admitLink");
  });

  test("a peer that has a place may change its link when all are taken", () => {
    const side = fullSide();
    expect(side.admit(90, peer(7), "inbound", { session: "09".repeat(8) })).toContain("90: admitLink");
  });

  test("a link that was told goodbye takes no place any more, although it is not closed yet", () => {
    const side = new Side();
    for (let i = 1; i <= linksMax + strangersMax; i++) {
      side.open(i, peer(i));
      side.hear(i, hello());
    }
    side.mono = helloWithinMs;
    side.step({ type: "timePassed" });
    expect(side.open(101, peer(101))).toEqual(["101: hello"]);
  });

  test("with 100 links open a further one is not even greeted; room comes back", () => {
    const side = new Side();
    for (let i = 1; i <= linksMax + strangersMax; i++) expect(side.open(i, peer(i))).toEqual([`${i}: hello`]);
    expect(side.open(101, peer(101))).toEqual(["101: goodbye full", "101: closeLink"]);
    side.step({ type: "linkClosed", link: 101, reason: "x" });
    side.step({ type: "linkClosed", link: 1, reason: "x" });
    expect(side.open(102, peer(102))).toEqual(["102: hello"]);
  });

  test("who dials in when all places are taken takes that of the youngest, who is told so and to stay away for 60 s", () => {
    const side = new Side();
    const youngest = linksMax - outboundReserved;
    for (let i = 1; i <= linksMax; i++) {
      side.mono = i;
      side.admit(i, peer(i), directionOf(i));
    }
    side.mono = evictedAfterMsMin + linksMax;
    side.open(90, peer(90));
    expect(side.hear(90, hello())).toEqual(["90: acceptLink", "90: welcome"]);
    const { lines, facts } = side.step({ type: "message", link: 90, message: { type: "welcome" } });
    expect(lines).toEqual([`${youngest}: goodbye full`, `${youngest}: closeLink`, "90: admitLink"]);
    expect(facts).toEqual([
      { type: "departed", link: youngest, peer: peer(youngest), code: "full" },
      { type: "admitted", link: 90, peer: peer(90), clockOffsetMs: -side.mono },
    ]);
    expect(side.reasons.at(-1)).toContain("its place went to another peer");
    expect(side.step({ type: "linkClosed", link: youngest, reason: "x" }).facts).toMatchObject([
      { type: "ended", link: youngest, peer: peer(youngest), code: "full", retryAfterSeconds: evictedSeconds },
    ]);
    expect(side.machine.admitted()).toHaveLength(linksMax);
  });

  test("who was evicted has no place any more while its link still closes: the next who comes takes nobody else's", () => {
    const side = fullSide();
    side.mono = evictedAfterMsMin;
    expect(side.admit(90, peer(90), "inbound").at(-1)).toBe("90: admitLink");
    side.step({
      type: "message",
      link: 90,
      message: { type: "goodbye", code: "other", retryAfterSeconds: 0, reason: "" },
    });
    expect(side.admit(91, peer(91), "inbound")).toEqual([
      "91: hello",
      "91: acceptLink",
      "91: welcome",
      "91: admitLink",
    ]);
    expect(side.machine.links()).toHaveLength(linksMax + 2);
    expect(side.machine.admitted()).toHaveLength(linksMax);
  });

  test("with fewer places than links the youngest are told so, and no other; with more others come", () => {
    const side = new Side();
    for (let i = 1; i <= 20; i++) {
      side.mono = i;
      side.admit(i, peer(i), "outbound");
    }
    side.links = 18;
    const { lines, facts } = side.step({ type: "placesChanged" });
    expect(lines).toEqual(["20: goodbye full", "20: closeLink", "19: goodbye full", "19: closeLink"]);
    expect(facts).toMatchObject([20, 19].map((link) => ({ type: "departed", link, code: "full" })));
    expect(side.reasons.at(-1)).toBe("this node has fewer places for peers than before");
    expect(side.admit(90, peer(90), "outbound")).toContain("90: goodbye full");
    side.links = 19;
    expect(side.step({ type: "placesChanged" })).toEqual({ lines: [], facts: [] });
    expect(side.admit(91, peer(91), "outbound")).toContain("91: admitLink");
  });

  test("a newcomer that does not finish takes nobody's place, nor does one before the others had their minute", () => {
    const side = fullSide();
    side.mono = evictedAfterMsMin - 1;
    expect(side.admit(90, peer(90))).toEqual(["90: hello", "90: goodbye full", "90: closeLink"]);
    side.mono = evictedAfterMsMin;
    side.open(91, peer(91));
    side.hear(91, hello());
    side.mono += helloWithinMs;
    expect(side.step({ type: "timePassed" }).lines).toEqual(["91: goodbye noHello", "91: closeLink"]);
    expect(side.machine.admitted()).toHaveLength(linksMax);
  });

  test("we take nobody's place for a peer that we dial", () => {
    const side = fullSide();
    side.mono = evictedAfterMsMin;
    expect(side.admit(90, peer(90), "outbound").slice(1)).toEqual(["90: goodbye full", "90: closeLink"]);
  });
});
