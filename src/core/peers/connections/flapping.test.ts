import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Table, bob, carol } from "../../../../test/support/dial-table.ts";
import { flapTokensMax, flapWaitMsMax, flapWaitMsMin, redialAfterLossMs, settledLinkMs } from "../limits.ts";
import { usualPeerLimits } from "../peer-limits.ts";
import type { Instant } from "../../../base/brand.ts";

const minute = 60_000;
const hour = 60 * minute;

/** Another peer is linked all the while. */
function linkedToCarol(): Table {
  const table = new Table();
  table.linked(1_000_000, carol);
  table.step({ type: "admitted", link: 1_000_000, peer: carol });
  return table;
}

/** Dials whenever it is due, and each link lasts so long. Returns when each link began. */
function flap(table: Table, lastsMs: (link: number) => number, untilMs: number): readonly number[] {
  const began: number[] = [];
  let dials = table.found("a", bob);
  for (let link = 1; table.mono < untilMs; link++) {
    while (dials.length === 0) dials = table.at(table.machine.nextDeadline() ?? Infinity);
    began.push(table.mono);
    table.linked(link, bob, Number(dials[0]?.split("#")[1]));
    table.step({ type: "admitted", link, peer: bob });
    table.mono += lastsMs(link);
    dials = table.ended(link, bob);
  }
  return began;
}

function mostInAnHour(began: readonly number[], from: number, to: number): number {
  const starts = began.filter((at) => at >= from && at + hour <= to);
  return Math.max(...starts.map((start) => began.filter((at) => at >= start && at < start + hour).length));
}

const isFlapping = (table: Table): boolean | undefined =>
  table.machine.snapshot({ wall: table.mono as Instant, mono: table.mono })[0]?.flapping;

describe.each([
  ["where it is the only one", (): Table => new Table()],
  ["where another stands", linkedToCarol],
])("a link that breaks again and again, %s,", (_, create) => {
  test.each([200, 5_000, 11_000, minute, 5 * minute, 10 * minute, 12 * minute + 1])(
    "after %d ms each time is made at most five times in any hour after the first two",
    (lastsMs) => {
      const began = flap(create(), () => lastsMs, 24 * hour);
      expect(mostInAnHour(began, 2 * hour, 24 * hour)).toBeLessThanOrEqual(5);
      expect(began.length).toBeGreaterThan(48); // and is not given up
    },
  );

  test("is made again at once four times, then after as long as that has lasted, 30 s to 12 min", () => {
    const began = flap(create(), () => 20_000, 3 * hour);
    const waits = began.slice(1).map((at, index) => at - (began[index] as number) - 20_000);
    for (const wait of waits.slice(0, 4)) expect(wait).toBeLessThanOrEqual(redialAfterLossMs * 1.2);
    for (const [index, wait] of waits.entries()) {
      if (index < 4) continue;
      const seriesMs = (began[index] as number) - (began[0] as number);
      expect(wait).toBeGreaterThanOrEqual(Math.min(flapWaitMsMax, Math.max(flapWaitMsMin, seriesMs)));
      expect(wait).toBeLessThanOrEqual(Math.min(flapWaitMsMax, Math.max(flapWaitMsMin, seriesMs)) * 1.21);
    }
    expect(waits.at(-1)).toBeGreaterThanOrEqual(flapWaitMsMax);
  });

  test.each([1, 2, 5, 10, 60, 600])(
    "and stops that after %d min is made again after no longer than it had flapped, and within 15 min",
    (flappedMin) => {
      const table = create();
      const began = flap(table, () => 10_500, flappedMin * minute);
      const stoppedAt = table.mono;
      let dials: readonly string[] = [];
      while (dials.length === 0) dials = table.at(table.machine.nextDeadline() ?? Infinity);
      const flappedMs = stoppedAt - (began[0] as number);
      expect(table.mono - stoppedAt).toBeLessThanOrEqual(Math.min(1.21 * flappedMs, 15 * minute));
    },
  );

  test("is made no more often in the long run, whatever it lasts", () => {
    const anyLife = fc.oneof(fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 1, max: 20 * minute }));
    fc.assert(
      fc.property(fc.array(anyLife, { minLength: 1, maxLength: 12 }), (lives) => {
        const began = flap(create(), (link) => lives[link % lives.length] ?? 1, 30 * hour);
        for (const from of [0, 5, 10, 20]) {
          const within = began.filter((at) => at >= from * hour && at < (from + 10) * hour).length;
          expect(within).toBeLessThanOrEqual(10 * 5 + flapTokensMax + 1);
        }
      }),
      { numRuns: 30 },
    );
  });
});

test.each([1, 60])("an operator may allow %d an hour in the long run", (perHour) => {
  const table = new Table(0, [], { ...usualPeerLimits, reconnectMs: hour / perHour });
  const began = flap(table, () => 11_000, 24 * hour).filter((at) => at >= 12 * hour);
  expect(began.length).toBeLessThanOrEqual(12 * perHour + 1);
  expect(began.length).toBeGreaterThan(8 * perHour);
});

describe("damping", () => {
  /** Flaps until it waits for minutes. */
  function damped(): Table {
    const table = linkedToCarol();
    flap(table, () => 20_000, hour / 2);
    expect([isFlapping(table), table.waitMs > 5 * minute]).toEqual([true, true]);
    return table;
  }

  test("is not ended by word of the peer, but by the operator's order", () => {
    const table = damped();
    expect([table.found("a", bob, "mdns"), isFlapping(table)]).toEqual([[], true]);
    expect(table.found("a", bob, "user")).toHaveLength(1);
    expect(isFlapping(table)).toBe(false);
  });

  test.each([
    ["a link that settled", settledLinkMs, undefined],
    ["the goodbye of a peer that stops", 20_000, "shuttingDown"],
  ] as const)("is ended by %s", (_, lastsMs, code) => {
    const table = damped();
    const [dial] = table.at(table.machine.nextDeadline() ?? Infinity);
    table.linked(999, bob, Number(dial?.split("#")[1]));
    table.step({ type: "admitted", link: 999, peer: bob });
    table.mono += lastsMs;
    table.ended(999, bob, code);
    expect([isFlapping(table), table.waitMs <= redialAfterLossMs * 1.2]).toEqual([false, true]);
  });

  test("is over when nothing broke for an hour", () => {
    const table = damped();
    table.mono += hour;
    expect(isFlapping(table)).toBe(false);
  });

  test("does not begin with goodbyes: who restarts often is dialed as soon as ever", () => {
    const table = new Table();
    let dials = table.found("a", bob);
    for (let link = 1; link < 12; link++) {
      while (dials.length === 0) dials = table.at(table.machine.nextDeadline() ?? Infinity);
      table.linked(link, bob, Number(dials[0]?.split("#")[1]));
      table.step({ type: "admitted", link, peer: bob });
      table.mono += 20_000;
      dials = table.ended(link, bob, "shuttingDown");
    }
    expect(table.waitMs).toBeLessThanOrEqual(redialAfterLossMs * 1.2);
  });

  test("does not count a link beside which another to the same peer stands", () => {
    const table = new Table();
    table.found("a", bob);
    table.linked(1, bob, 1);
    table.step({ type: "admitted", link: 1, peer: bob });
    for (let link = 2; link < 20; link++) {
      table.linked(link, bob);
      table.step({ type: "admitted", link, peer: bob });
      table.mono += 1_000;
      table.ended(link, bob);
    }
    expect(isFlapping(table)).toBe(false);
  });
});
