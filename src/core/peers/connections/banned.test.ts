import { describe, expect, test } from "vitest";
import { Table, bob, carol } from "../../../../test/support/dial-table.ts";
import type { Instant } from "../../../base/brand.ts";
import { dialBackoffMsMax } from "../limits.ts";

describe("a banned address", () => {
  test("is not dialed before its ban ends, and is looked at again at least every 10 min", () => {
    const table = new Table();
    table.banned.set("a", { until: 30_000 as Instant });
    table.banned.set("b", { until: undefined });
    expect([table.found("a"), table.found("b")]).toEqual([[], []]);
    expect(table.machine.snapshot({ wall: 0 as Instant, mono: 0 })).toMatchObject([
      { address: "a", banned: true, inMs: 30_000 },
      { address: "b", banned: true, inMs: dialBackoffMsMax },
    ]);
    expect(table.at(29_999)).toEqual([]);
    table.banned.delete("a");
    expect(table.at(30_000)).toEqual(["a#1"]);
    expect(table.at(dialBackoffMsMax)).toEqual([]);
  });

  test("is not looked at all the time where the wall clock stands still just before the end", () => {
    const table = new Table();
    table.banned.set("a", { until: 0.5 as Instant });
    table.found("a");
    expect(table.waitMs).toBe(100);
  });

  test("is dialed at once when the ban is lifted; others keep their wait", () => {
    const table = new Table();
    table.banned.set("a", { until: undefined });
    table.found("a");
    table.found("c");
    table.failed(1);
    table.banned.delete("a");
    expect(table.step({ type: "rulesChanged" })).toEqual(["a#2"]);
  });

  test("is dialed at once also where its link ended by the ban", () => {
    const table = new Table();
    table.found("a", bob);
    table.linked(1, bob, 1);
    table.step({ type: "admitted", link: 1, peer: bob });
    table.banned.set("a", { until: undefined });
    expect(table.ended(1, bob, "banned", 600)).toEqual([]);
    table.banned.delete("a");
    expect(table.step({ type: "rulesChanged" })).toEqual(["a#2"]);
  });

  test("is forgotten on order, by itself or with all of its peer", () => {
    const table = new Table();
    for (const address of ["a", "b"]) table.found(address, bob);
    table.found("c", carol);
    expect([table.machine.forget("nobody", []), table.machine.forget("a", []), table.machine.forget(bob, [])]).toEqual([
      0, 1, 1,
    ]);
    expect(table.machine.snapshot({ wall: 0 as Instant, mono: 0 }).map(({ address }) => address)).toEqual(["c"]);
  });
});
