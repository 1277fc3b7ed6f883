import { describe, expect, test } from "vitest";
import { Table, bob, carol } from "../../../../test/support/dial-table.ts";
import { flapWaitMsMax, flapWaitMsMin, lostDialMsMax, redialAfterLossMs, settledLinkMs } from "../limits.ts";
import type { Instant } from "../../../base/brand.ts";

const hour = 3_600_000;

/** Another peer is linked all the while. */
function linkedToCarol(): Table {
  const table = new Table();
  table.linked(1_000, carol);
  return table;
}

/** Dials whenever it is due, and each link lasts so long. Returns when each link began. */
function flap(table: Table, lastsMs: number, forMs: number): readonly number[] {
  const began: number[] = [];
  let dials = table.found("a", bob);
  for (let link = 1; table.mono < forMs; link++) {
    while (dials.length === 0) dials = table.at(table.machine.nextDeadline() ?? Infinity);
    began.push(table.mono);
    table.linked(link, bob, Number(dials[0]?.split("#")[1]));
    table.step({ type: "admitted", link: 1, peer: bob });
    table.mono += lastsMs;
    dials = table.ended(link, bob);
  }
  return began;
}

describe("a link that breaks again and again", () => {
  test.each([11_000, 60_000, 300_000])(
    "after %d ms each time is made at most five times an hour in the end",
    (lastsMs) => {
      const began = flap(linkedToCarol(), lastsMs, 8 * hour);
      for (let from = hour; from < 7 * hour; from += hour / 4)
        expect(began.filter((at) => at >= from && at < from + hour).length).toBeLessThanOrEqual(5);
      expect(began.length).toBeGreaterThan(20);
    },
  );

  test("is made again at once twice, then after 30 s, 2 min, 8 min, 15 min", () => {
    const began = flap(linkedToCarol(), 20_000, hour);
    const waits = began.slice(1).map((at, index) => at - (began[index] as number) - 20_000);
    const nominal = [redialAfterLossMs, redialAfterLossMs, flapWaitMsMin, 120_000, 480_000, flapWaitMsMax];
    for (const [index, expected] of nominal.entries()) {
      expect(waits[index]).toBeGreaterThanOrEqual(expected * 0.8);
      expect(waits[index]).toBeLessThanOrEqual(expected * 1.2);
    }
  });

  test("is made again within 2 min where it is the only one", () => {
    const began = flap(new Table(), 20_000, 4 * hour);
    const gaps = began.slice(1).map((at, index) => at - (began[index] as number) - 20_000);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(lostDialMsMax * 1.2);
    expect(began.length).toBeGreaterThan(4 * 20);
  });

  test("counts no more once one has lasted, nor after the user's own order; that its peer is announced changes nothing", () => {
    const table = linkedToCarol();
    flap(table, 20_000, hour / 2);
    const isFlapping = (): boolean | undefined =>
      table.machine.snapshot({ wall: table.mono as Instant, mono: table.mono })[0]?.flapping;
    expect([isFlapping(), table.found("a", bob, "mdns")]).toEqual([true, []]);
    const dials = table.found("a", bob, "user");
    expect([isFlapping(), dials.length]).toEqual([false, 1]);
    table.linked(99, bob, Number(dials[0]?.split("#")[1]));
    table.step({ type: "admitted", link: 1, peer: bob });
    table.mono += settledLinkMs;
    table.ended(99, bob);
    expect(table.waitMs).toBeLessThanOrEqual(redialAfterLossMs * 1.2);
  });

  test("by goodbyes does not flap: who restarts often is dialed as soon as ever", () => {
    const table = new Table();
    let dials = table.found("a", bob);
    for (let link = 1; link < 8; link++) {
      while (dials.length === 0) dials = table.at(table.machine.nextDeadline() ?? Infinity);
      table.linked(link, bob, Number(dials[0]?.split("#")[1]));
      table.step({ type: "admitted", link: 1, peer: bob });
      table.mono += 20_000;
      dials = table.ended(link, bob, "shuttingDown");
    }
    expect(table.waitMs).toBeLessThanOrEqual(redialAfterLossMs * 1.2);
  });
});
