import { describe, expect, test } from "vitest";
import { Cluster } from "../../bench/peers/cluster.ts";
import { byFigure, compare } from "../../bench/peers/compare.ts";
import { comparePeers } from "../../bench/peers/main.ts";
import { picture } from "../../bench/peers/picture.ts";
import { systemNamed, systems } from "../../bench/peers/systems.ts";
import { comparison } from "../../bench/peers/table.ts";
import type { Cell } from "../../bench/peers/works/work.ts";

const msMax = 20_000;
const count = 40;

/** Starting a process takes seconds on a machine that is busy. */
const patience = { timeout: 90_000 };

describe("the driver that compares systems", patience, () => {
  test("writes, shares, reads and lists entries through the contract alone", async () => {
    await using cluster = new Cluster(systemNamed("ours"));
    const first = await cluster.peer(undefined);
    const second = await cluster.peer(first.ticket);
    for (const peer of [first, second]) await peer.ask("prepare", { set: "contract", count });
    await second.ask("connect", { ticket: first.ticket });
    const { written } = await first.ask("write", { batch: 10, inFlight: 2, msMax });
    expect(written).toBe(count);
    const { counted } = await second.ask("awaitCount", { count, msMax });
    expect(counted).toBe(count);
    expect(await second.ask("readAll", { count, msMax })).toEqual({ right: count, read: count });
    const reads = { count, of: count, msMax };
    expect((await second.ask("get", reads)).perSecond).toBeGreaterThan(0);
    expect((await second.ask("scan", { ...reads, prefix: "" })).perSecond).toBeGreaterThan(0);
    await Promise.all([first.stop(), second.stop()]);
  });

  test("tells what is not readable instead of waiting for ever", async () => {
    await using cluster = new Cluster(systemNamed("ours"));
    const alone = await cluster.peer(undefined);
    await alone.ask("prepare", { set: "contract", count: 2 });
    await alone.ask("putOne", { number: 0 });
    expect((await alone.ask("awaitCount", { count: 2, msMax: 1 })).counted).toBe(1);
    expect(await alone.ask("awaitEntry", { number: 1, msMax: 1 })).toEqual({ at: undefined });
    expect(await alone.ask("readAll", { count: 2, msMax })).toEqual({ right: 1, read: 2 });
  });

  test("refuses systems and works that do not exist", async () => {
    expect(await comparePeers(["--systems", "nobody"])).toBe(2);
    expect(await comparePeers(["--work", "nothing"])).toBe(2);
    expect(await comparePeers(["--entries", "0"])).toBe(2);
  });
});

describe("a comparison", () => {
  const cell = (better: Cell["better"], sample: number, unfinished?: string): Cell => ({
    figure: better,
    unit: "u",
    better,
    kind: "others",
    samples: [sample],
    unfinished,
  });
  const orbitdb = systemNamed("orbitdb");
  const rows = compare(
    [
      { system: systemNamed("ours"), cells: [cell("higher", 100), cell("lower", 2)] },
      { system: orbitdb, cells: [cell("higher", 5), cell("lower", 8, "3 of 9 in time")] },
    ],
    1_000,
  );

  test("counts how many times as good ours is, whichever way a figure counts", () => {
    expect(rows.filter(({ system }) => system === "orbitdb").map(({ ratio, verdict }) => [ratio, verdict])).toEqual([
      [20, "pass"],
      [4, "short"],
    ]);
  });

  test("shows a cell that was given up as a bound, in the table and in the picture", () => {
    expect(comparison(rows)).toContain("≥ 4.0 ×  short, wants 10 ×  3 of 9 in time");
    expect(picture(rows)).toContain("ours ≥ 4.0 × as good");
  });

  test("never sets runs of different counts of entries beside each other", () => {
    expect(byFigure([...rows, ...rows.map((row) => ({ ...row, entries: 9 }))])).toHaveLength(4);
  });

  test("measures all others against ours as it is by default, first of those without a target", () => {
    const own = systems.filter(({ targets }) => targets === undefined).map(({ name }) => name);
    expect(own).toEqual(["ours", "ours-relaxed"]);
  });
});
