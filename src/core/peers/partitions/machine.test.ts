import { describe, expect, test } from "vitest";
import type { Author, BatchId, Instant, PeerId, Stamp } from "../../../base/brand.ts";
import { peerIdOf } from "../../../codec/peer-id.ts";
import type { PartitionRecord } from "../../../ports/partition.ts";
import type { Version } from "../../data/version.ts";
import type { Effect } from "../../effects.ts";
import {
  countsSavedEveryMs,
  missedMsMax,
  missingMax,
  oneCutMsMax,
  partitionConflictsListedMax,
  partitionsKeptMax,
  settleMsMax,
  unnoticedMsMax,
} from "./limits.ts";
import { Partitions } from "./machine.ts";
import type { MergedBatch } from "./record.ts";

const cutOffMs = 10_000;
/** The wall clock when the monotonic one shows 0. */
const start = 1_000_000_000;
const authors = { us: "01", bob: "0b", carol: "0c", dave: "0d", eve: "0e" };
type Name = keyof typeof authors;
const authorOf = (name: Name): Author => authors[name].repeat(32) as Author;
const peer = (name: Name): PeerId => peerIdOf(authorOf(name));
const nameOf = (id: PeerId): string => (Object.keys(authors) as Name[]).find((name) => peer(name) === id) ?? id;

/** One log with its links; what it notes and saves as short lines. */
class Log {
  machine: Partitions;
  stored = new Map<number, PartitionRecord>();
  mono = 0;
  #batches = 0;

  constructor(...linked: readonly Name[]) {
    this.machine = new Partitions(() => cutOffMs, []);
    for (const name of linked) this.link(name);
  }

  /** Another run on what this one saved. */
  restart(): void {
    this.machine = new Partitions(
      () => cutOffMs,
      JSON.parse(JSON.stringify([...this.stored.values()])) as PartitionRecord[],
    );
  }

  step(input: Parameters<Partitions["step"]>[0]): readonly string[] {
    const out: Effect[] = [];
    this.machine.step(input, { wall: (start + this.mono) as Instant, mono: this.mono }, out);
    return out.flatMap((effect): readonly string[] => {
      if (effect.type === "note") return [effect.note.type];
      if (effect.type !== "persist" || effect.write.type !== "savePartition") return [effect.type];
      this.stored.set(effect.write.partition.id, effect.write.partition);
      return [`save ${effect.write.partition.id}`];
    });
  }

  link(name: Name): readonly string[] {
    return this.step({ type: "admitted", peer: peer(name) });
  }

  lose(name: Name, left = false): readonly string[] {
    return this.step({ type: "departed", peer: peer(name), left });
  }

  at(mono: number): readonly string[] {
    this.mono = mono;
    return this.step({ type: "timePassed" });
  }

  /** A batch by somebody, stamped at a time of the monotonic clock, as it comes now. */
  merge(
    by: Name,
    stampedAt: number,
    via: readonly ["own"] | readonly ["gossip" | "pull", Name],
    conflicts: readonly {
      readonly key: string;
      readonly with: Name;
      readonly at: number;
      readonly wins: boolean;
    }[] = [],
  ): void {
    const versionOf = (name: Name, at: number, batch: string): Version => ({
      stamp: ((start + at) * 1000) as Stamp,
      author: authorOf(name),
      batch: batch as BatchId,
    });
    const came = versionOf(by, stampedAt, `b${++this.#batches}`);
    const merged: MergedBatch = {
      ...came,
      via: via[0] === "own" ? { type: "own" } : { type: via[0], peer: peer(via[1]) },
      conflicts: conflicts.map(({ key, with: other, at, wins }) => {
        const theirs = versionOf(other, at, "other");
        return wins ? { key, winner: came, loser: theirs } : { key, winner: theirs, loser: came };
      }),
    };
    this.step({ type: "merged", merged });
  }

  last(): PartitionRecord {
    const record = this.machine.records().at(-1);
    if (record === undefined) throw new Error("there is no record");
    return record;
  }

  sides(): readonly string[] {
    return this.machine
      .records()
      .map(
        ({ here, there }) => `${here.map(nameOf).join(" ")} | ${there.map((member) => nameOf(member.peer)).join(" ")}`,
      );
  }
}

describe("a member counts as cut off", () => {
  test("when it vanished without a goodbye and is away for longer than the limit", () => {
    const log = new Log("bob", "carol");
    log.mono = 1_000;
    expect(log.lose("bob")).toEqual([]);
    expect(log.machine.nextDeadline({ wall: start as Instant, mono: 1_000 })).toBe(11_000);
    expect(log.at(10_999)).toEqual([]);
    expect(log.at(11_000)).toEqual(["save 1", "partitionBegan"]);
    expect(log.last()).toMatchObject({ id: 1, since: start + 1_000, endedAt: undefined, ownWrites: 0 });
    expect(log.sides()).toEqual(["carol | bob"]);
  });

  test.each<[string, (log: Log) => void]>([
    ["it said goodbye", (log) => void log.lose("bob", true)],
    [
      "it is back in time",
      (log) => {
        log.lose("bob");
        log.at(9_999);
        log.link("bob");
      },
    ],
    ["it never was a member", () => undefined],
  ])("but not where %s", (_, act) => {
    const log = new Log("bob");
    act(log);
    expect([log.at(60_000), log.machine.records()]).toEqual([[], []]);
  });

  test("also where it was the last: then this node is a side of its own", () => {
    const log = new Log("bob");
    log.lose("bob");
    log.at(cutOffMs);
    expect(log.sides()).toEqual([" | bob"]);
  });
});

describe("members lost together are one side", () => {
  test.each([
    ["at once", 0, ["dave | bob carol"]],
    ["within 5 s", oneCutMsMax, ["dave | bob carol"]],
    ["later is another cut", oneCutMsMax + 1, ["dave carol | bob", "dave | carol"]],
  ])("%s", (_, gapMs, sides) => {
    const log = new Log("dave", "bob", "carol");
    log.lose("bob");
    log.mono = gapMs;
    if (gapMs <= oneCutMsMax) log.lose("carol");
    log.at(cutOffMs);
    if (gapMs > oneCutMsMax) {
      log.mono = cutOffMs + gapMs;
      log.lose("carol");
    }
    log.at(3 * cutOffMs);
    expect(log.sides()).toEqual(sides);
  });

  test("those that are lost but not yet cut off are no part of this side", () => {
    const log = new Log("dave", "bob", "carol");
    log.lose("bob");
    log.mono = 6_000;
    log.lose("carol");
    log.at(cutOffMs);
    expect(log.sides()).toEqual(["dave | bob"]);
    log.at(16_000);
    expect(log.sides()).toEqual(["dave | bob", "dave | carol"]);
  });
});

/** Bob is cut off at 0 and that is noticed; dave stays. */
function split(...others: readonly Name[]): Log {
  const log = new Log("dave", "bob", ...others);
  for (const name of ["bob", ...others] as Name[]) log.lose(name);
  log.at(cutOffMs);
  return log;
}

describe("writes while it lasts", () => {
  test("are counted from the loss on, by who brought them", () => {
    const log = new Log("dave", "bob");
    log.merge("us", 0, ["own"]);
    log.lose("bob");
    log.merge("us", 1, ["own"]);
    log.merge("dave", 1, ["gossip", "dave"]);
    log.at(cutOffMs);
    log.merge("us", 10_001, ["own"]);
    log.merge("eve", 10_001, ["pull", "dave"]);
    expect(log.last()).toMatchObject({ ownWrites: 2, receivedWrites: 2, arrivedWrites: 0 });
  });

  test("of a lost member that come through another show that the cut is not whole", () => {
    const log = split();
    log.merge("bob", -5, ["gossip", "dave"]);
    expect([log.last().there[0]?.heardThrough, log.last().receivedWrites]).toEqual([undefined, 1]);
    log.merge("bob", 5, ["gossip", "dave"]);
    expect([log.last().there[0]?.heardThrough, log.last().receivedWrites]).toEqual([peer("dave"), 1]);
  });

  test("are saved every 10 s, not each", () => {
    const log = split();
    log.merge("us", 10_001, ["own"]);
    log.merge("us", 10_002, ["own"]);
    expect(log.stored.get(1)?.ownWrites).toBe(0);
    expect(log.machine.nextDeadline({ wall: start as Instant, mono: cutOffMs })).toBe(cutOffMs + countsSavedEveryMs);
    expect(log.at(cutOffMs + countsSavedEveryMs)).toEqual(["save 1"]);
    expect(log.stored.get(1)?.ownWrites).toBe(2);
    expect(log.at(cutOffMs + 2 * countsSavedEveryMs)).toEqual([]);
  });
});

describe("a return", () => {
  test("ends it; what was written there is counted until a pull from there is complete", () => {
    const log = split();
    log.mono = 20_000;
    expect(log.link("bob")).toEqual(["save 1"]);
    expect(log.last()).toMatchObject({ endedAt: start + 20_000, there: [{ returnedAt: start + 20_000 }] });
    log.merge("us", 20_001, ["own"]);
    log.merge("bob", 5_000, ["pull", "bob"]);
    log.merge("eve", 6_000, ["pull", "bob"]);
    expect(log.step({ type: "pulled", peer: peer("dave") })).toEqual([]);
    expect(log.step({ type: "pulled", peer: peer("bob") })).toEqual(["save 1", "partitionEnded"]);
    log.merge("bob", 7_000, ["pull", "bob"]);
    expect(log.stored.get(1)).toMatchObject({ ownWrites: 0, arrivedWrites: 2, there: [{ settledAt: start + 20_000 }] });
  });

  test.each<[string, Parameters<Log["merge"]>, number]>([
    ["one of theirs", ["bob", 5_000, ["pull", "bob"]], 1],
    ["one of theirs that a neighbour pulled first", ["bob", 5_000, ["pull", "dave"]], 1],
    ["one by a stranger, from them", ["eve", 5_000, ["pull", "bob"]], 1],
    ["one by a stranger, from this side", ["eve", 5_000, ["pull", "dave"]], 0],
    ["one by this side that they bring back", ["dave", 5_000, ["pull", "bob"]], 0],
    ["one written before the cut can have been", ["bob", -unnoticedMsMax, ["pull", "bob"]], 0],
    ["one written before it was noticed", ["bob", 1 - unnoticedMsMax, ["pull", "bob"]], 1],
    ["one written after the return", ["bob", 20_001, ["pull", "bob"]], 0],
    ["one of theirs that gossip offers again", ["bob", 19_000, ["gossip", "dave"]], 1],
    ["fresh gossip", ["bob", 20_001, ["gossip", "bob"]], 0],
    ["what we write ourselves", ["us", 19_000, ["own"]], 0],
  ])("brings writes of the other side: %s", (_, batch, counted) => {
    const log = split();
    log.mono = 20_000;
    log.link("bob");
    log.merge(...batch);
    expect(log.last().arrivedWrites).toBe(counted);
  });

  test.each<[string, Name, number, boolean, readonly unknown[]]>([
    ["theirs won over ours", "us", 4_000, true, [{ key: "k", lostOn: "here" }]],
    ["ours won over theirs", "us", 6_000, false, [{ key: "k", lostOn: "there" }]],
    ["a neighbour's is ours too", "dave", 4_000, true, [{ key: "k", lostOn: "here" }]],
    ["two of theirs are no matter of the cut", "bob", 4_000, true, []],
    ["nor is one of long before", "us", -unnoticedMsMax, true, []],
  ])("brings conflicts between the sides: %s", (_, by, at, wins, lost) => {
    const log = split();
    log.mono = 20_000;
    log.link("bob");
    log.merge("bob", 5_000, ["pull", "bob"], [{ key: "k", with: by, at, wins }]);
    expect(log.last()).toMatchObject({ conflicts: lost.length, lost });
  });

  test("brings more conflicts than are listed: all are counted", () => {
    const log = split();
    log.mono = 20_000;
    log.link("bob");
    const many = Array.from({ length: 30 }, (_, i) => ({ key: `k${i}`, with: "us", at: 1, wins: true }) as const);
    log.merge("bob", 5_000, ["pull", "bob"], many);
    expect([log.last().conflicts, log.last().lost.length]).toEqual([30, partitionConflictsListedMax]);
  });

  test("of some ends it; of the others later counts what they bring, and is told again", () => {
    const log = split("carol");
    log.mono = 20_000;
    log.link("bob");
    expect(log.step({ type: "pulled", peer: peer("bob") })).toContain("partitionEnded");
    expect(log.last().there.map(({ returnedAt }) => returnedAt)).toEqual([start + 20_000, undefined]);
    log.mono = 30_000;
    log.link("carol");
    log.merge("carol", 25_000, ["pull", "carol"]);
    expect(log.step({ type: "pulled", peer: peer("carol") })).toEqual(["save 1", "partitionEnded"]);
    expect(log.last()).toMatchObject({ endedAt: start + 20_000, arrivedWrites: 1 });
  });

  test("of all together is told once, when both have brought what they had", () => {
    const log = split("carol");
    log.link("bob");
    log.link("carol");
    expect(log.step({ type: "pulled", peer: peer("bob") })).toEqual(["save 1"]);
    expect(log.step({ type: "pulled", peer: peer("carol") })).toEqual(["save 1", "partitionEnded"]);
  });

  test.each<[string, (log: Log) => readonly string[]]>([
    ["it is lost again", (log) => log.lose("bob")],
    ["10 minutes pass without a whole pull", (log) => log.at(20_000 + settleMsMax)],
  ])("is waited for no longer when %s", (_, act) => {
    const log = split();
    log.mono = 20_000;
    log.link("bob");
    expect(act(log)).toEqual(["save 1", "partitionEnded"]);
  });
});

describe("what is kept", () => {
  test("a member away for a day is one no more: the partition is over without a return", () => {
    const log = split();
    expect(log.machine.nextDeadline({ wall: (start + log.mono) as Instant, mono: log.mono })).toBe(missedMsMax);
    expect(log.at(missedMsMax - 1)).toEqual([]);
    expect(log.at(missedMsMax)).toEqual(["save 1", "partitionEnded"]);
    expect(log.last()).toMatchObject({ endedAt: start + missedMsMax, there: [{ returnedAt: undefined }] });
    expect(log.machine.nextDeadline({ wall: (start + log.mono) as Instant, mono: log.mono })).toBeUndefined();
  });

  test("a restart goes on where the last run was", () => {
    const log = split();
    log.merge("us", 10_001, ["own"]);
    log.at(cutOffMs + countsSavedEveryMs);
    log.restart();
    log.merge("us", 20_001, ["own"]);
    log.mono = 30_000;
    log.link("bob");
    log.merge("bob", 5_000, ["pull", "bob"]);
    log.step({ type: "pulled", peer: peer("bob") });
    expect(log.stored.get(1)).toMatchObject({ ownWrites: 2, arrivedWrites: 1, endedAt: start + 30_000 });
  });

  test("are the last 32, and the numbers go on", () => {
    const log = new Log("bob");
    for (let i = 0; i < partitionsKeptMax + 3; i++) {
      log.lose("bob");
      log.at(log.mono + cutOffMs);
      log.link("bob");
      log.step({ type: "pulled", peer: peer("bob") });
    }
    expect(log.machine.records().map(({ id }) => id)).toEqual(
      Array.from({ length: partitionsKeptMax }, (_, i) => i + 4),
    );
  });

  test("of very many that vanish at once the first are not waited for", () => {
    const log = new Log();
    for (let i = 0; i < missingMax + 50; i++)
      log.step({ type: "departed", peer: `stranger${i}` as PeerId, left: false });
    log.at(cutOffMs);
    expect(log.last().there).toHaveLength(missingMax);
    expect(log.last().there[0]?.peer).toBe("stranger50");
  });
});
