import { beforeEach, describe, expect, test } from "vitest";
import { Table, bob, carol } from "../../../../test/support/dial-table.ts";
import { redialAfterLossMs, steadyLinkMs } from "../limits.ts";
import type { Instant, PeerId } from "../../../base/brand.ts";

const relay = "relay" as PeerId;
const relayAt = "/ip4/11.1.0.1/tcp/1/p2p/relay";
const byRelay = `${relayAt}/p2p-circuit/p2p/bob`;
const direct = "/ip4/11.2.0.1/tcp/2/p2p/bob";

let table: Table;
beforeEach(() => {
  table = new Table();
});

function admit(link: number, peer: PeerId, attempt?: number, relayed = false): readonly string[] {
  const dialed = table.linked(link, peer, attempt, relayed);
  return [...dialed, ...table.step({ type: "admitted", link, peer })];
}

describe("a relayed address", () => {
  test("is dialed once its relay is linked, which is dialed first", () => {
    expect(table.found(byRelay, bob)).toEqual([`${relayAt}#1`]);
    expect(admit(1, relay, 1)).toEqual([`${byRelay}#2`]);
  });

  test("waits while its relay is gone", () => {
    table.found(byRelay, bob);
    admit(1, relay, 1);
    table.failed(2);
    table.ended(1, relay, "full");
    table.mono = 3_600_000;
    expect(table.step({ type: "timePassed" })).not.toContainEqual(expect.stringContaining("p2p-circuit"));
    table.linked(2, relay);
    expect(table.step({ type: "admitted", link: 2, peer: relay })).toEqual([`${byRelay}#4`]);
  });

  test("is not dialed where any link to the peer stands", () => {
    admit(1, relay);
    admit(2, bob, undefined, true);
    expect(table.found(byRelay, bob)).toEqual([]);
    admit(3, bob);
    expect(table.found(byRelay, bob, "user")).toEqual([]);
  });
});

describe("a peer that has a relayed link only", () => {
  test("is dialed at a direct address that it told of, and no more once such a link stands", () => {
    admit(1, relay);
    admit(2, bob, undefined, true);
    expect(table.found(direct, bob, "told")).toEqual([`${direct}#1`]);
    expect(table.linked(3, bob, 1)).toEqual([]);
    expect(table.found("/ip4/11.2.0.1/tcp/3/p2p/bob", bob, "told")).toEqual([]);
  });

  test("is dialed again where it tells of the address again, after a failure", () => {
    admit(2, bob, undefined, true);
    table.found(direct, bob, "told");
    table.failed(1);
    expect(table.machine.snapshot({ wall: 0 as Instant, mono: 0 })[0]?.lastFailure?.failure).toBe("refused");
    expect(table.found(direct, bob, "told")).toEqual([`${direct}#2`]);
  });
});

test("a member lost with the relay it was linked by is dialed at once by way of another that the book knows it at", () => {
  const other = "/ip4/11.3.0.1/tcp/1/p2p/other";
  table.found(byRelay, bob);
  admit(1, relay, 1);
  table.found(other, "other" as PeerId);
  admit(2, "other" as PeerId, 3);
  admit(3, bob, 2, true);
  table.mono = steadyLinkMs;
  expect(table.book.told(bob, `${other}/p2p-circuit`, "/ip4/11.3.0.1/tcp/1", 0 as Instant, [])).toBe(true);
  table.ended(1, relay);
  table.ended(3, bob);
  const dials = table.at(table.mono + 2 * redialAfterLossMs);
  expect(dials.map((dial) => dial.split("#")[0])).toEqual([relayAt, `${other}/p2p-circuit/p2p/bob`]);
});

test("a relayed link is no anchor", () => {
  table = new Table(4);
  table.found(byRelay, bob);
  admit(1, relay, 1);
  admit(2, bob, 2, true);
  admit(3, carol);
  table.mono = 120_000;
  const saved = table
    .effects({ type: "stopping" })
    .flatMap((effect) => (effect.type === "persist" && effect.write.type === "setAddress" ? [effect.write.known] : []));
  expect(saved.filter(({ anchor }) => anchor).map(({ address }) => address)).toEqual([relayAt]);
});
