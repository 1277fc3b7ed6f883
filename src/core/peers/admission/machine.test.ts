import { describe, expect, test } from "vitest";
import { Side, hello, alice, bob, wall } from "../../../../test/support/admission-side.ts";
import type { Instant, NetworkId, PeerId } from "../../../base/brand.ts";
import type { AdmitMessage, Hello } from "../../../codec/admit.ts";
import type { Direction, LinkId } from "../../../ports/network.ts";
import { admissionSkewMsMax, helloWithinMs, linksPerPeerMax } from "../limits.ts";

describe("a link", () => {
  test("is admitted once both welcomes were exchanged; the gate opens before our welcome", () => {
    const side = new Side();
    expect(side.open(1, bob)).toEqual(["1: hello"]);
    expect(side.hear(1, hello())).toEqual(["1: acceptLink", "1: welcome"]);
    expect([side.machine.linkOf(bob), side.machine.admittedPeer(1), side.machine.peerOf(1)]).toEqual([
      undefined,
      undefined,
      bob,
    ]);
    const { lines, facts } = side.step({ type: "message", link: 1, message: { type: "welcome" } });
    expect(lines).toEqual(["1: admitLink"]);
    expect(facts).toEqual([{ type: "admitted", link: 1, peer: bob, clockOffsetMs: 0 }]);
    expect([side.machine.linkOf(bob), side.machine.admittedPeer(1)]).toEqual([1, bob]);
    expect(side.machine.admitted()).toEqual([{ link: 1, peer: bob, direction: "inbound" }]);
  });

  test("is admitted as well when their welcome comes before their hello", () => {
    const side = new Side();
    side.open(1, bob);
    expect(side.hear(1, { type: "welcome" })).toEqual([]);
    expect(side.hear(1, hello())).toEqual(["1: acceptLink", "1: welcome", "1: admitLink"]);
  });

  test("tells how far the peer's clock is off", () => {
    const side = new Side();
    side.mono = 40;
    side.open(1, bob);
    side.hear(1, hello({ clock: (wall + 5_040) as Instant }));
    expect(side.step({ type: "message", link: 1, message: { type: "welcome" } }).facts).toMatchObject([
      { clockOffsetMs: 5_000 },
    ]);
  });

  test.each<[string, Partial<Hello>, string]>([
    ["another network", { network: "bb".repeat(32) as NetworkId }, "wrongNetwork"],
    ["a clock over a day ahead", { clock: (wall + admissionSkewMsMax + 1) as Instant }, "clock"],
    ["a clock over a day behind", { clock: (wall - admissionSkewMsMax - 1) as Instant }, "clock"],
  ])("of %s is sent away with the reason, without the gate opening", (_, change, code) => {
    const side = new Side();
    side.open(1, bob);
    expect(side.hear(1, hello(change))).toEqual([`1: goodbye ${code}`, "1: closeLink"]);
    expect(side.hear(1, { type: "welcome" })).toEqual([]);
    expect(side.step({ type: "linkClosed", link: 1, reason: "x" }).facts).toMatchObject([
      { type: "ended", link: 1, peer: bob, code, retryAfterSeconds: 0 },
    ]);
  });

  test("of another version is sent away with both versions named", () => {
    const side = new Side();
    side.open(1, bob);
    const foreign = { type: "foreignHello", version: 2, rest: new Uint8Array(3) } as const;
    expect(side.hear(1, foreign)).toEqual(["1: goodbye wrongVersion", "1: closeLink"]);
    expect(side.reasons).toEqual(["we speak admit version 1, you 2"]);
  });

  test("with a clock exactly a day off is admitted", () => {
    expect(new Side().admit(1, bob, "inbound", { clock: (wall + admissionSkewMsMax) as Instant })).toContain(
      "1: admitLink",
    );
  });

  test("that says hello but never welcome is cut after 5 s, and is told what was missing", () => {
    const side = new Side();
    side.open(1, bob);
    side.mono = 4_000;
    side.hear(1, hello());
    expect(side.machine.nextDeadline()).toBe(helloWithinMs);
    side.mono = helloWithinMs;
    expect(side.step({ type: "timePassed" }).lines).toEqual(["1: goodbye noHello", "1: closeLink"]);
    expect(side.reasons).toEqual(["no welcome within 5 s"]);
  });

  test("that says no hello is cut after exactly 5 s", () => {
    const side = new Side();
    side.mono = 100;
    side.open(1, bob);
    expect(side.machine.nextDeadline()).toBe(100 + helloWithinMs);
    side.mono = 99 + helloWithinMs;
    expect(side.step({ type: "timePassed" }).lines).toEqual([]);
    side.mono = 100 + helloWithinMs;
    expect(side.step({ type: "timePassed" }).lines).toEqual(["1: goodbye noHello", "1: closeLink"]);
    expect([side.step({ type: "timePassed" }).lines, side.machine.nextDeadline()]).toEqual([[], undefined]);
    expect(side.reasons).toEqual(["no hello within 5 s"]);
  });

  test.each<[string, AdmitMessage]>([
    ["hello", hello()],
    ["welcome", { type: "welcome" }],
  ])("with a second %s is sent away", (_, message) => {
    const side = new Side();
    side.admit(1, bob);
    expect(side.hear(1, message)).toEqual(["1: goodbye protocolViolation", "1: closeLink"]);
    expect(side.machine.linkOf(bob)).toBeUndefined();
  });

  test("on which they said goodbye departs at once, and its code and wait are told when it ends", () => {
    const side = new Side();
    side.admit(1, bob);
    const goodbye = { type: "goodbye", code: "full", retryAfterSeconds: 60, reason: "come back" } as const;
    const { lines, facts } = side.step({ type: "message", link: 1, message: goodbye });
    expect([lines, facts]).toEqual([["1: closeLink"], [{ type: "departed", link: 1, peer: bob, code: "full" }]]);
    expect([side.machine.linkOf(bob), side.machine.admittedPeer(1)]).toEqual([undefined, undefined]);
    expect(side.step({ type: "linkClosed", link: 1, reason: "x" }).facts).toMatchObject([
      { type: "ended", link: 1, peer: bob, code: "full", retryAfterSeconds: 60 },
    ]);
  });

  test("that comes after their goodbye on another is kept, whoever dialed", () => {
    const side = new Side(alice);
    side.admit(1, bob, "outbound");
    side.hear(1, { type: "goodbye", code: "other", retryAfterSeconds: 0, reason: "another link" });
    expect(side.admit(2, bob, "inbound")).toContain("2: admitLink");
    expect(side.machine.linkOf(bob)).toBe(2);
  });

  test("that breaks without a word ends without a code", () => {
    const side = new Side();
    side.admit(1, bob);
    expect(side.step({ type: "linkClosed", link: 1, reason: "reset" }).facts).toMatchObject([
      { type: "departed" },
      { type: "ended", code: undefined, reason: "reset" },
    ]);
    expect(side.step({ type: "linkClosed", link: 1, reason: "again" }).facts).toEqual([]);
  });

  test("that is expelled departs at once and says why", () => {
    const side = new Side();
    side.admit(1, bob);
    const { lines, facts } = side.step({
      type: "expelled",
      link: 1,
      code: "protocolViolation",
      reason: "forged",
      retryAfterSeconds: 0,
    });
    expect([lines, facts]).toEqual([
      ["1: goodbye protocolViolation", "1: closeLink"],
      [{ type: "departed", link: 1, peer: bob, code: "protocolViolation" }],
    ]);
  });

  test("of a peer that is banned ends with that word and for how long, before anything is said", () => {
    const side = new Side();
    const refused = { reason: "banned for 90 s: forged", retryAfterSeconds: 90 };
    const direction = "inbound";
    const { lines, facts } = side.step({
      type: "linkOpened",
      link: 1,
      peer: bob,
      direction,
      address: "a",
      refused,
      allowed: false,
    });
    expect([lines, facts]).toEqual([["1: goodbye banned", "1: closeLink"], []]);
    expect(side.hear(1, hello())).toEqual([]);
    expect(side.step({ type: "linkClosed", link: 1, reason: "x" }).facts).toMatchObject([
      { type: "ended", link: 1, peer: bob, code: "banned", retryAfterSeconds: 90 },
    ]);
  });

  test("that is unknown is ignored", () => {
    const side = new Side();
    expect(side.hear(9, hello())).toEqual([]);
    expect(side.step({ type: "expelled", link: 9, code: "other", reason: "x", retryAfterSeconds: 0 }).lines).toEqual(
      [],
    );
  });
});

describe("two links with one peer", () => {
  /** Links 1 (dialed by alice) and 2 (dialed by bob), admitted in this order on this side: which one stays? */
  function kept(self: PeerId, order: readonly LinkId[]): LinkId | undefined {
    const side = new Side(self);
    const peer = self === alice ? bob : alice;
    const direction = (link: LinkId): Direction => ((link === 1) === (self === alice) ? "outbound" : "inbound");
    for (const link of order) side.admit(link, peer, direction(link));
    return side.machine.linkOf(peer);
  }

  test.each([[[1, 2]], [[2, 1]]])(
    "of crossed dials the smaller id's stays on both sides, admitted in the order %j",
    (order) => {
      for (const otherOrder of [
        [1, 2],
        [2, 1],
      ])
        expect([kept(alice, order), kept(bob, otherOrder)]).toEqual([1, 1]);
    },
  );

  test("the loser is told so after it was admitted, and its end is no departure", () => {
    const side = new Side(alice);
    side.admit(1, bob, "outbound");
    expect(side.admit(2, bob, "inbound")).toEqual([
      "2: hello",
      "2: acceptLink",
      "2: welcome",
      "2: goodbye duplicate",
      "2: closeLink",
    ]);
    expect(side.step({ type: "linkClosed", link: 2, reason: "x" }).facts).toMatchObject([
      { type: "ended", link: 2, peer: bob, code: "duplicate", retryAfterSeconds: 0 },
    ]);
    expect(side.machine.linkOf(bob)).toBe(1);
  });

  test("a newer run of the peer's process wins, whoever dialed", () => {
    const side = new Side(alice);
    side.admit(1, bob, "outbound");
    const lines = side.admit(2, bob, "inbound", { session: "02".repeat(8) });
    expect(lines.slice(-3)).toEqual(["2: admitLink", "1: goodbye duplicate", "1: closeLink"]);
    expect(side.machine.linkOf(bob)).toBe(2);
  });

  test("of two dialed by us we keep the newer and say goodbye on the other", () => {
    const side = new Side(alice);
    side.admit(1, bob, "outbound");
    expect(side.admit(2, bob, "outbound").slice(-3)).toEqual(["2: admitLink", "1: goodbye duplicate", "1: closeLink"]);
    expect(side.machine.linkOf(bob)).toBe(2);
  });

  test.each([[[1, 2]], [[2, 1]]])(
    "of two dialed by one side both keep the same, admitted by the other side in the order %j",
    (order) => {
      const [dialer, other] = [new Side(alice), new Side(bob)];
      for (const link of [1, 2]) dialer.admit(link, bob, "outbound");
      for (const link of order) other.admit(link, alice, "inbound");
      other.hear(1, { type: "goodbye", code: "duplicate", retryAfterSeconds: 0, reason: "another link is kept" });
      expect([dialer.machine.linkOf(bob), other.machine.linkOf(alice)]).toEqual([2, 2]);
    },
  );

  test("dialed by them are kept until they say which; at a fourth the oldest goes", () => {
    const side = new Side(alice);
    for (let link = 1; link <= linksPerPeerMax; link++)
      expect(side.admit(link, bob, "inbound").at(-1)).toBe(`${link}: admitLink`);
    expect([1, 2, 3].map((link) => side.machine.admittedPeer(link))).toEqual([bob, bob, bob]);
    expect(side.machine.admitted()).toHaveLength(1);
    expect(side.admit(4, bob, "inbound").slice(-3)).toEqual(["4: admitLink", "1: goodbye duplicate", "1: closeLink"]);
    expect(side.machine.linkOf(bob)).toBe(4);
  });

  test("the end of the one in use is no departure while another is admitted, which takes its place", () => {
    const side = new Side(alice);
    for (const link of [1, 2]) side.admit(link, bob, "inbound");
    expect(side.machine.linkOf(bob)).toBe(2);
    expect(side.step({ type: "linkClosed", link: 2, reason: "x" }).facts).toMatchObject([{ type: "ended", link: 2 }]);
    expect(side.machine.linkOf(bob)).toBe(1);
    expect(side.step({ type: "linkClosed", link: 1, reason: "x" }).facts).toMatchObject([
      { type: "departed", link: 1 },
      { type: "ended", link: 1 },
    ]);
  });
});

test("a node that shuts down says so on every link, once, and to whoever comes", () => {
  const side = new Side();
  side.admit(1, bob);
  side.open(2, "12D3C" as PeerId);
  expect(side.step({ type: "stopping" }).lines).toEqual([
    "1: goodbye shuttingDown",
    "1: closeLink",
    "2: goodbye shuttingDown",
    "2: closeLink",
  ]);
  expect(side.step({ type: "stopping" }).lines).toEqual([]);
  expect(side.open(3, bob)).toEqual(["3: goodbye shuttingDown", "3: closeLink"]);
});

describe("of a relayed and a direct link to one peer", () => {
  const relayed = "/ip4/11.1.0.1/tcp/1/p2p/R/p2p-circuit/p2p/12D3B";
  const direct = "/ip4/11.2.0.1/tcp/1";

  test.each(["inbound", "outbound"] as const)("the direct one is kept, whoever dialed it: %s", (direction) => {
    const side = new Side();
    side.admit(1, bob, "inbound", {}, relayed);
    expect(side.admit(2, bob, direction, {}, direct)).toContain("1: goodbye duplicate");
    expect([side.machine.linkOf(bob), side.reasons]).toEqual([2, ["a direct link between us is kept"]]);
  });

  test("the relayed one does not take the place of the direct one", () => {
    const side = new Side();
    side.admit(1, bob, "inbound", {}, direct);
    expect(side.admit(2, bob, "inbound", {}, relayed)).toContain("2: goodbye duplicate");
    expect([side.machine.linkOf(bob), side.reasons]).toEqual([1, ["a direct link between us is kept"]]);
  });
});
