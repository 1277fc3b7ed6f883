import { describe, expect, test } from "vitest";
import type { BatchId, Instant, PeerId, Time } from "../../../base/brand.ts";
import { decodeFrontier } from "../../../codec/frontier.ts";
import type { PrefixAnswer, PrefixSummary } from "../../../codec/prefix.ts";
import type { StoreView } from "../../../ports/store.ts";
import type { Effect } from "../../effects.ts";
import {
  prefixEntriesMax,
  prefixEveryMsMin,
  prefixOwnMax,
  prefixPauseMsPerEntry,
  prefixQuestionsMax,
  prefixSliceEntries,
} from "../limits.ts";
import { Prefixes } from "./machine.ts";
import { PrefixScan } from "./summary.ts";

const [bob, carol] = ["bob", "carol"] as [PeerId, PeerId];
const at = (mono: number): Time => ({ wall: mono as Instant, mono });

/** Living entries as `key: batch`, in the order of their keys; counts how often it is looked at. */
function viewOf(entries: Readonly<Record<string, string>>): StoreView & { slices: number } {
  const view = {
    slices: 0,
    under(prefix: string, after: string, max: number, visit: (key: string, batch: BatchId) => void): boolean {
      view.slices += 1;
      const found = Object.entries(entries).filter(([key]) => key.startsWith(prefix) && key > after);
      for (const [key, batch] of found.slice(0, max)) visit(key, batch as BatchId);
      return found.length <= max;
    },
  };
  return view as unknown as StoreView & { slices: number };
}
/** So many entries under `p/`, without a list of them. */
function many(count: number): StoreView & { slices: number } {
  const view = {
    slices: 0,
    under(_: string, after: string, max: number, visit: (key: string, batch: BatchId) => void): boolean {
      view.slices += 1;
      const from = after === "" ? 0 : Number(after.slice(2)) + 1;
      for (let i = from; i < Math.min(count, from + max); i++) visit(`p/${String(i).padStart(9, "0")}`, "b" as BatchId);
      return count - from <= max;
    },
  };
  return view as unknown as StoreView & { slices: number };
}

function summaryOf(view: StoreView, prefix = "p/"): PrefixSummary | undefined {
  const scan = new PrefixScan(prefix);
  while (!scan.advance(view));
  return scan.summary();
}

const sent = (out: readonly Effect[]): readonly unknown[] =>
  out.flatMap((effect): readonly unknown[] => {
    if (effect.type === "answer") return [effect.outcome];
    if (effect.type !== "network" || effect.order.type !== "send") return [effect.type];
    const decoded = decodeFrontier(effect.order.frame);
    return [decoded.ok ? { link: effect.order.link, ...decoded.value } : decoded.code];
  });

/** The machine over one set; each step returns what it sent and answered. */
class Bench {
  readonly prefixes = new Prefixes();
  readonly view: StoreView & { slices: number };
  changes = 1;
  mono = 0;

  constructor(view = viewOf({ "p/1": "a" })) {
    this.view = view;
  }

  do(act: (set: Parameters<Prefixes["ask"]>[2], now: Time, out: Effect[]) => unknown): readonly unknown[] {
    const out: Effect[] = [];
    act({ view: this.view, changes: this.changes, links: () => [1, 2] }, at(this.mono), out);
    return sent(out);
  }

  ask(prefix = "p/", ticket = 1): readonly unknown[] {
    return this.do((set, now, out) => this.prefixes.ask(ticket, prefix, set, now, out));
  }

  serve(link: number): readonly unknown[] {
    const message = { type: "summarise", session: 5, prefix: "p/" } as const;
    return this.do((set, now, out) => this.prefixes.serve(link, message, set, now, out)).map(statusOf);
  }

  /** Turns until nothing is under way. */
  finish(): readonly unknown[] {
    const all: unknown[] = [];
    while (this.prefixes.nextDeadline() !== undefined)
      all.push(...this.do((set, now, out) => this.prefixes.advance(set, now, out)));
    return all;
  }
}

const statusOf = (line: unknown): unknown => (line as { answer?: PrefixAnswer }).answer?.status ?? line;

describe("the summary of a prefix", () => {
  test("is of the entries under it alone", () => {
    const one = viewOf({ "p/1": "a" });
    expect(summaryOf(viewOf({ other: "x", "p/1": "a" }))).toEqual(summaryOf(one));
    expect(summaryOf(one)).toMatchObject({ count: 1 });
    expect(summaryOf(viewOf({ other: "x" }))).toEqual({ count: 0, digest: new Uint8Array(32) });
  });

  test.each<[string, Readonly<Record<string, string>>]>([
    ["another version", { "p/1": "b" }],
    ["another key", { "p/2": "a" }],
    ["one more", { "p/1": "a", "p/2": "a" }],
    ["none", {}],
  ])("differs with %s", (_, entries) => {
    expect(summaryOf(viewOf(entries))).not.toEqual(summaryOf(viewOf({ "p/1": "a" })));
  });

  test("is made a slice at a time, and of 100,000 at most", () => {
    const view = many(prefixEntriesMax);
    expect(summaryOf(view)).toMatchObject({ count: prefixEntriesMax });
    expect(view.slices).toBe(prefixEntriesMax / prefixSliceEntries);
    expect(summaryOf(many(prefixEntriesMax + 1))).toBeUndefined();
  });
});

describe("asking", () => {
  test("sends one question on every link, and keeps one answer of each member", () => {
    const bench = new Bench();
    const ours = summaryOf(bench.view)!;
    expect(bench.ask()).toEqual([
      { link: 1, type: "summarise", session: 1, prefix: "p/" },
      { link: 2, type: "summarise", session: 1, prefix: "p/" },
      { type: "prefixAsked", question: 1, ours },
    ]);
    const answer: PrefixAnswer = { status: "whole", summary: ours };
    bench.prefixes.answered(bob, { type: "summarised", session: 1, answer });
    bench.prefixes.answered(bob, { type: "summarised", session: 1, answer: { status: "busy" } });
    bench.prefixes.answered(carol, { type: "summarised", session: 2, answer });
    expect(bench.prefixes.answers(1)).toEqual([{ peer: bob, answer }]);
    expect(bench.prefixes.answers(99)).toEqual([]);
  });

  test("waits for the scan of our own entries, which takes a turn for each slice", () => {
    const bench = new Bench(many(3 * prefixSliceEntries));
    expect(bench.ask()).toEqual([]);
    expect(bench.view.slices).toBe(1);
    expect(bench.finish()).toHaveLength(3);
    expect(bench.view.slices).toBe(3);
  });

  test("scans again only after a change, or for another prefix", () => {
    const bench = new Bench();
    for (const changes of [1, 1, 2]) {
      bench.changes = changes;
      expect(bench.ask()).toHaveLength(3);
    }
    expect(bench.view.slices).toBe(2);
    bench.ask("q/");
    expect(bench.view.slices).toBe(3);
  });

  test("asks nobody where there is too much here", () => {
    const bench = new Bench(many(prefixEntriesMax + 1));
    expect(bench.ask()).toEqual([]);
    expect(bench.finish()).toEqual([{ type: "prefixAsked", question: 1, ours: undefined }]);
  });

  test("is refused where too many wait, and taken again when they are done", () => {
    const bench = new Bench(many(2 * prefixSliceEntries));
    const taken = (): unknown => {
      let is: unknown;
      bench.do((set, now, out) => (is = bench.prefixes.ask(1, `p/${bench.mono++}`, set, now, out)));
      return is;
    };
    const results: unknown[] = [];
    for (let i = 0; i < 2 * prefixOwnMax + 2; i++) results.push(taken());
    expect(results).toContain(false);
    bench.finish();
    expect(taken()).toBe(true);
  });

  test("remembers the latest questions only", () => {
    const bench = new Bench();
    for (let i = 0; i <= prefixQuestionsMax; i++) bench.ask();
    bench.prefixes.answered(bob, { type: "summarised", session: 1, answer: { status: "busy" } });
    expect(bench.prefixes.answers(1)).toEqual([]);
  });
});

describe("answering", () => {
  test("is once a second on a link, and at once again on a new one", () => {
    const bench = new Bench();
    expect(bench.serve(1)).toEqual(["whole"]);
    bench.mono = prefixEveryMsMin - 1;
    expect(bench.serve(1)).toEqual(["busy"]);
    bench.mono = prefixEveryMsMin;
    expect(bench.serve(1)).toEqual(["whole"]);
    bench.prefixes.linkLost(1);
    bench.mono += 1;
    expect(bench.serve(1)).toEqual(["whole"]);
  });

  test("is one at a time, followed by a pause for all links in proportion", () => {
    const entries = 5 * prefixSliceEntries;
    const bench = new Bench(many(entries));
    expect(bench.serve(1)).toEqual([]);
    expect(bench.serve(2)).toEqual(["busy"]);
    expect(bench.finish().map(statusOf)).toEqual(["whole"]);
    bench.mono = entries * prefixPauseMsPerEntry - 1;
    expect(bench.serve(2)).toEqual(["busy"]);
    bench.mono += 1;
    expect(bench.serve(2)).toEqual([]);
  });

  test("says when it is too much", () => {
    const bench = new Bench(many(prefixEntriesMax + 1));
    bench.serve(1);
    expect(bench.finish().map(statusOf)).toEqual(["tooMany"]);
  });

  test("ends with the link", () => {
    const bench = new Bench(many(5 * prefixSliceEntries));
    bench.serve(1);
    bench.prefixes.linkLost(1);
    expect(bench.finish()).toEqual([]);
    expect(bench.serve(2)).toEqual([]);
  });
});
