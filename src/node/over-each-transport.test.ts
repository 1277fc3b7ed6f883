/** What decides who may be linked holds over every transport alike: bans, one link for each pair, places, room for strangers. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Fleet, addressOf, createFleet } from "../../test/support/in-process.ts";
import { until } from "../../test/support/until.ts";
import { causeOf } from "../../test/support/why.ts";
import type { Config } from "../config/settings.ts";
import { neighbourhoodLinksMax } from "../core/peers/limits.ts";
import { loadQuic } from "../drivers/libp2p/quic/native.ts";
import type { RunningNode } from "./facade.ts";

let fleet: Fleet;
beforeEach(() => void (fleet = createFleet()));
afterEach(async () => await fleet[Symbol.asyncDispose]());

// QUIC needs the optional package, which npm leaves out on other platforms and under Node before 22.
const hasQuic = !("problem" in (await loadQuic()));
const cases = ["tcp", "ws", ...(hasQuic ? ["quic"] : [])];

describe.each(cases)("over %s", (transport) => {
  const start = (name: string, settings: Partial<Config> = {}): Promise<RunningNode> =>
    fleet.start(name, { p2pTransports: [transport], p2pWsPort: 0, ...settings } as Partial<Config>);
  const idOf = (node: RunningNode): string => node.facade.info().peerId;

  test("a ban of a peer, of its address and of a range ends its link, and keeps it out both ways", async () => {
    const a = await start("a");
    const b = await start("b", { p2pDial: [addressOf(a)] });
    await causeOf(a.facade, idOf(b), "connected");
    for (const target of [idOf(b), "127.0.0.1", "127.0.0.0/8"]) {
      await a.facade.peerControl.ban(target, { forMs: 60_000, reason: "too loud" });
      await causeOf(a.facade, idOf(b), "banned");
      expect((await causeOf(b.facade, idOf(a), "banned", ["connecting", "other"])).conclusion).toContain("too loud");
      const ended = a.facade.peerControl.closed().length;
      await b.facade.dial(addressOf(a));
      await until("it is refused as it dials in", () => a.facade.peerControl.closed().length > ended);
      const [latest] = a.facade.peerControl.closed();
      expect(latest).toMatchObject({
        peer: idOf(b),
        by: "us",
        code: "banned",
        direction: "inbound",
        lastedMs: undefined,
      });
      await a.facade.dial(addressOf(b));
      expect((await a.facade.why(addressOf(b))).cause, "nor is it dialed").toBe("banned");
      expect(b.facade.peerControl.links().filter(({ direction }) => direction === "inbound")).toEqual([]);
      await a.facade.peerControl.lift(target);
      await b.facade.dial(addressOf(a));
      await causeOf(a.facade, idOf(b), "connected", ["banned", "other"]);
    }
  });

  test("two nodes that dial each other again and again end with one link", async () => {
    const [a, b] = [await start("a"), await start("b")];
    for (let n = 0; n < 4; n++) await Promise.all([a.facade.dial(addressOf(b)), b.facade.dial(addressOf(a))]);
    const linksOf = (node: RunningNode): readonly string[] =>
      node.facade.peerControl.links().map(({ admitted, direction }) => `${admitted} ${direction}`);
    await until(
      "one link on each side",
      () => [a, b].every((node) => linksOf(node).length === 1 && linksOf(node)[0]?.startsWith("true") === true),
      { seen: () => [linksOf(a), linksOf(b)] },
    );
    expect(new Set([...linksOf(a), ...linksOf(b)])).toEqual(new Set(["true inbound", "true outbound"]));
    expect(addressOf(a)).toContain({ tcp: "/tcp/", ws: "/ws/", quic: "/quic-v1/" }[transport]);
  });

  test("of one neighbourhood only so many may dial in", async () => {
    const a = await start("a", { peersExemptRanges: [] });
    const near: RunningNode[] = [];
    for (let n = 0; n <= neighbourhoodLinksMax; n++) {
      const node = await start(`near${n}`, { p2pDial: [addressOf(a)] });
      await causeOf(node.facade, idOf(a), n < neighbourhoodLinksMax ? "connected" : "full");
      near.push(node);
    }
    const admitted = a.facade.peerControl.links().filter((link) => link.admitted);
    expect(admitted.map(({ peer }) => peer).sort()).toEqual(near.slice(0, -1).map(idOf).sort());
  });
});
