import { expect, test } from "vitest";
import type { Instant } from "../../../base/brand.ts";
import { Table, bob, carol } from "../../../../test/support/dial-table.ts";
import { flapTokensMax } from "../limits.ts";

test("a failing address is dialed at once, and its wait begins anew", () => {
  const table = new Table();
  table.found("a");
  for (let attempt = 1; attempt <= 8; attempt++) {
    table.failed(attempt);
    if (attempt < 8) table.at(table.mono + table.waitMs);
  }
  expect(table.waitMs).toBeGreaterThan(400_000);
  expect(table.step({ type: "circumstancesChanged" })).toEqual(["a#9"]);
  table.failed(9);
  expect(table.waitMs).toBeLessThanOrEqual(6_000);
});

test("a member that was lost is dialed at once, one that is linked is not", () => {
  const table = new Table();
  for (const [link, peer] of [bob, carol].entries()) {
    const [dial] = table.found(peer, peer);
    table.linked(link, peer, Number(dial?.split("#")[1]));
    table.step({ type: "admitted", link, peer });
  }
  table.mono += 20_000;
  expect(table.ended(0, bob)).toEqual([]);
  expect(table.step({ type: "circumstancesChanged" })).toEqual(["bob#3"]);
});

test("who asked us to stay away is not dialed before, nor who is banned; who flaps is as often as it may", () => {
  const away = new Table();
  away.found("a", bob);
  away.linked(1, bob, 1);
  away.ended(1, bob, "full", 300);
  expect(away.step({ type: "circumstancesChanged" })).toEqual([]);
  expect(away.waitMs).toBe(300_000);

  const banned = new Table();
  banned.banned.set("a", { until: undefined });
  banned.found("a", bob);
  expect(banned.step({ type: "circumstancesChanged" })).toEqual([]);

  const flapping = new Table();
  flapping.linked(99, carol);
  let dials = flapping.found("a", bob);
  for (let link = 1; link <= 12; link++) {
    while (dials.length === 0) dials = flapping.at(flapping.machine.nextDeadline() ?? Infinity);
    flapping.linked(link, bob, Number(dials[0]?.split("#")[1]));
    flapping.step({ type: "admitted", link, peer: bob });
    flapping.mono += 20_000;
    dials = flapping.ended(link, bob);
  }
  const [candidate] = flapping.machine.snapshot({ wall: flapping.mono as Instant, mono: flapping.mono });
  expect(candidate?.flapping).toBe(true);
  for (let link = 100, tries = 0; tries < 20; tries++, link++) {
    const [dial] = flapping.step({ type: "circumstancesChanged" });
    if (dial === undefined) break;
    expect(tries).toBeLessThan(flapTokensMax);
    flapping.linked(link, bob, Number(dial.split("#")[1]));
    flapping.step({ type: "admitted", link, peer: bob });
    flapping.ended(link, bob);
  }
  expect(flapping.step({ type: "circumstancesChanged" })).toEqual([]);
});
