// tidy: long because every table is over the one puller above them
import { describe, expect, test } from "vitest";
import type { Author, Incarnation, Instant, PeerId } from "../../../base/brand.ts";
import { Prng } from "../../../base/prng.ts";
import { type Beacon, type DoneStatus, type OriginRanges, decodeFrontier } from "../../../codec/frontier.ts";
import { frontierOriginsMax, frontierRangesMax } from "../../../codec/limits.ts";
import type { LinkId } from "../../../ports/network.ts";
import type { Effect } from "../../effects.ts";
import { pullEveryMs, pullJitter, pullStallMs, pullWindowFrames, supersededClaimsMax } from "../limits.ts";
import { Pull, type PullSnapshot, type PullFact, type PullInput } from "./machine.ts";

const [bob, carol] = ["bob", "carol"] as [PeerId, PeerId];
const origin = (i: number, ranges: OriginRanges["ranges"] = [[1, 3]]): OriginRanges => ({
  author: i.toString(16).padStart(64, "0") as Author,
  incarnation: "22".repeat(8) as Incarnation,
  ranges,
});
const beaconOf = (count: number): Beacon => ({
  clock: 5 as Instant,
  summary: { count, root: new Uint8Array(32).fill(count) },
  stale: false,
  full: false,
  heldBack: 0,
});

/** One puller; what it sends and says as short lines. */
class Puller {
  readonly pull = new Pull(new Prng(1), () => pullEveryMs);
  mono = 0;
  origins: readonly OriginRanges[] = [origin(1)];
  count = 1;
  changes = 0;
  facts: readonly PullFact[] = [];

  step(input: PullInput): readonly string[] {
    const out: Effect[] = [];
    const holdings = { origins: () => this.origins, beacon: () => beaconOf(this.count), changes: this.changes };
    this.facts = this.pull.step(input, holdings, { wall: this.mono as Instant, mono: this.mono }, out);
    return out.flatMap(lineOf);
  }

  snapshot(): PullSnapshot | undefined {
    return this.pull.snapshot({ wall: this.mono as Instant, mono: this.mono });
  }

  serving(session: number, batches: number): readonly string[] {
    return this.step({ type: "messageReceived", link: 1, message: { type: "serving", session, batches } });
  }

  admit(link: LinkId = 1, peer: PeerId = bob): readonly string[] {
    return this.step({ type: "peerAdmitted", link, peer });
  }

  parcels(session: number, count = 1, link: LinkId = 1): readonly string[] {
    return this.step({ type: "parcelsReceived", link, session, count });
  }

  merged(session: number, bad = false): readonly string[] {
    return this.step({ type: "parcelsDone", session, bad, heldBack: false });
  }

  done(
    session: number,
    { status = "complete", count = 1, link = 1 }: { status?: DoneStatus; count?: number; link?: LinkId } = {},
  ): readonly string[] {
    return this.step({
      type: "messageReceived",
      link,
      message: { type: "done", session, beacon: beaconOf(count), status },
    });
  }

  superseded(session: number, origins: readonly OriginRanges[]): readonly string[] {
    return this.step({ type: "messageReceived", link: 1, message: { type: "superseded", session, origins } });
  }

  at(mono: number): readonly string[] {
    this.mono = mono;
    return this.step({ type: "timePassed" });
  }

  /** Lets the next pull begin; returns its lines. */
  next(): readonly string[] {
    return this.at(this.pull.nextDeadline()!);
  }
}

function lineOf(effect: Effect): readonly string[] {
  if (effect.type === "note")
    return effect.note.type === "pullEnded"
      ? [`ended ${effect.note.how}${effect.note.equal ? " equal" : ""} after ${effect.note.parcels}`]
      : [];
  if (effect.type !== "network" || effect.order.type !== "send") return [effect.type];
  const decoded = decodeFrontier(effect.order.frame);
  if (!decoded.ok) return [decoded.code];
  const message = decoded.value;
  if (message.type === "pull")
    return [
      `${effect.order.link}: pull ${message.session} of ${message.origins.length}${message.last ? "" : " and more"}`,
    ];
  return [`${effect.order.link}: ${message.type} ${message.type === "fresh" ? "" : message.session}`];
}

describe("a pull", () => {
  test("begins when a peer is admitted and ends with its done", () => {
    const puller = new Puller();
    expect(puller.admit()).toEqual(["1: pull 1 of 1"]);
    expect(puller.snapshot()).toEqual({ peer: bob, parcels: 0, expected: 0, forMs: 0 });
    expect(puller.done(1)).toEqual(["ended complete equal after 0"]);
    expect(puller.facts).toEqual([
      {
        type: "completed",
        peer: bob,
        link: 1,
        equal: true,
        theirs: beaconOf(1).summary,
        askedAt: expect.any(Number) as number,
      },
    ]);
    expect(puller.snapshot()).toBeUndefined();
  });

  test("says `more` for each frame when it is merged, not when it arrives", () => {
    const puller = new Puller();
    puller.admit();
    expect([puller.parcels(1, 5), puller.parcels(1, 2)]).toEqual([[], []]);
    expect([puller.merged(1), puller.merged(1)]).toEqual([["1: more 1"], ["1: more 1"]]);
    expect(puller.snapshot()?.parcels).toBe(7);
  });

  test("is given up when there is no room for what it brings; then nobody is asked, and when there is room again everybody", () => {
    const puller = new Puller();
    puller.admit();
    puller.admit(2, carol);
    puller.parcels(1, 5);
    expect(puller.step({ type: "intakeHeld", held: true })).toEqual(["ended held after 5"]);
    expect([puller.pull.nextDeadline(), puller.pull.expects(1, 1)]).toEqual([undefined, false]);
    expect([puller.at(3 * pullEveryMs), puller.merged(1)]).toEqual([[], []]);
    expect(puller.step({ type: "intakeHeld", held: false })).toEqual(["2: pull 2 of 1"]);
    expect(puller.done(2, { link: 2 })).toEqual(["ended complete equal after 0", "1: pull 3 of 1"]);
  });

  test("that is done before its frames are merged ends after them", () => {
    const puller = new Puller();
    puller.admit();
    puller.parcels(1);
    puller.parcels(1);
    expect(puller.done(1)).toEqual([]);
    expect(puller.merged(1)).toEqual(["1: more 1"]);
    expect(puller.merged(1)).toEqual(["ended complete equal after 2"]);
  });

  test("comes again after 30 s, jittered", () => {
    const puller = new Puller();
    puller.admit();
    puller.done(1);
    const due = puller.pull.nextDeadline()!;
    expect(Math.abs(due - pullEveryMs)).toBeLessThanOrEqual(pullEveryMs * pullJitter);
    expect(puller.at(due - 1)).toEqual([]);
    expect(puller.at(due)).toEqual(["1: pull 2 of 1"]);
  });

  test("is one at a time; the next peer follows at its end", () => {
    const puller = new Puller();
    puller.admit(1, bob);
    expect(puller.admit(2, carol)).toEqual([]);
    expect(puller.done(1)).toEqual(["ended complete equal after 0", "2: pull 2 of 1"]);
  });

  test("that is told busy comes again later", () => {
    const puller = new Puller();
    puller.admit();
    expect(puller.done(1, { status: "busy" })).toEqual(["ended busy after 0"]);
    expect(puller.facts).toEqual([
      { type: "turnedAway", peer: bob, theirs: beaconOf(1).summary, askedAt: expect.any(Number) as number },
    ]);
    expect(puller.next()).toEqual(["1: pull 2 of 1"]);
  });

  test("without a frame for 15 s is given up; each frame and each merge is progress", () => {
    const puller = new Puller();
    puller.admit();
    expect(puller.pull.nextDeadline()).toBe(pullStallMs);
    puller.mono = 10_000;
    puller.parcels(1);
    puller.mono = 20_000;
    puller.merged(1);
    expect(puller.at(20_000 + pullStallMs - 1)).toEqual([]);
    expect(puller.at(20_000 + pullStallMs)).toEqual(["ended timeout after 1"]);
  });

  test("ends with its link, and the peer is not asked again", () => {
    const puller = new Puller();
    puller.admit();
    expect(puller.step({ type: "linkLost", link: 1 })).toEqual(["ended linkLost after 0"]);
    expect(puller.pull.nextDeadline()).toBeUndefined();
  });

  test("that brings bad parcels ends at once and names who sent them", () => {
    const puller = new Puller();
    puller.admit();
    puller.parcels(1);
    expect(puller.merged(1, true)).toEqual(["ended misbehaved after 1"]);
    expect(puller.facts).toEqual([{ type: "misbehaved", peer: bob, link: 1 }]);
  });

  test("takes several messages for many writers, and names 65 ranges of each at most", () => {
    const puller = new Puller();
    puller.origins = Array.from({ length: frontierOriginsMax + 1 }, (_, i) => origin(i));
    expect(puller.admit()).toEqual([`1: pull 1 of ${frontierOriginsMax} and more`, "1: pull 1 of 1"]);
    const gaps = Array.from({ length: 100 }, (_, i) => [2 * i + 1, 2 * i + 1] as const);
    puller.done(1);
    puller.origins = Array.from({ length: 1_050 }, (_, i) => origin(i, gaps));
    const frames = puller.next();
    expect(frames).toHaveLength(2);
    expect(gaps.length).toBeGreaterThan(frontierRangesMax);
  });
});

describe("what was not asked for is dropped", () => {
  test.each<[string, (puller: Puller) => readonly string[]]>([
    ["parcels of another session", (puller) => puller.parcels(9)],
    ["parcels on another link", (puller) => puller.parcels(1, 1, 2)],
    ["a done of another session", (puller) => puller.done(9)],
    ["a done on another link", (puller) => puller.done(1, { link: 2 })],
    ["superseded ranges of another session", (puller) => puller.superseded(9, [origin(1)])],
    ["the merge of another session's frame", (puller) => puller.merged(9)],
  ])("%s", (_, send) => {
    const puller = new Puller();
    puller.admit();
    puller.mono = 1_000;
    expect(send(puller)).toEqual([]);
    expect(puller.pull.nextDeadline()).toBe(pullStallMs);
    expect(puller.snapshot()?.parcels).toBe(0);
  });

  test("more frames than the window, and frames after done, are not expected", () => {
    const puller = new Puller();
    puller.admit();
    for (let i = 0; i < pullWindowFrames; i++) {
      expect(puller.pull.expects(1, 1)).toBe(true);
      puller.parcels(1);
    }
    expect(puller.pull.expects(1, 1)).toBe(false);
    puller.merged(1);
    expect(puller.pull.expects(1, 1)).toBe(true);
    puller.done(1);
    expect([puller.pull.expects(1, 1), puller.pull.expects(2, 1), puller.pull.expects(1, 2)]).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe("a user's order to ask everybody", () => {
  test("makes one pull from each peer, one after the other, without waiting for the timer", () => {
    const puller = new Puller();
    puller.admit();
    puller.admit(2, carol);
    puller.done(1);
    puller.done(2, { link: 2 });
    puller.mono = 1_000;
    expect(puller.step({ type: "everybodyDue" })).toEqual(["1: pull 3 of 1"]);
    expect(puller.done(3)).toEqual(["ended complete equal after 0", "2: pull 4 of 1"]);
    puller.done(4, { link: 2 });
    expect(puller.pull.nextDeadline()).toBeGreaterThan(20_000);
  });

  test("asks once more where a pull is under way, which may tell how things stood before", () => {
    const puller = new Puller();
    puller.admit();
    expect(puller.step({ type: "everybodyDue" })).toEqual([]);
    expect(puller.done(1)).toContain("1: pull 2 of 1");
    expect(puller.done(2)).not.toContain("1: pull 3 of 1");
  });

  test("is no evidence that frontiers lie, however often it is given", () => {
    const puller = new Puller();
    puller.admit();
    puller.done(1);
    for (let session = 2; session < 8; session++) {
      puller.mono += 1_000;
      expect(puller.step({ type: "everybodyDue" })).toEqual([`1: pull ${session} of 1`]);
      puller.done(session, { count: 2 });
      expect(puller.snapshot()).toBeUndefined();
      expect(puller.facts.map(({ type }) => type)).not.toContain("unexplained");
    }
  });
});

test("a link may bring more by frontier until a pull on it was answered whole, and while one is under way", () => {
  const puller = new Puller();
  expect(puller.pull.mayStillBring(1)).toBe(true);
  puller.admit();
  puller.parcels(1);
  puller.merged(1);
  puller.step({ type: "linkLost", link: 1 });
  puller.admit();
  expect(puller.pull.mayStillBring(1)).toBe(true);
  puller.done(2, { status: "busy" });
  expect(puller.pull.mayStillBring(1)).toBe(true);
  puller.next();
  puller.done(3);
  expect(puller.pull.mayStillBring(1)).toBe(false);
  puller.next();
  expect(puller.pull.mayStillBring(1)).toBe(true);
});

test("a pull shows how much was said to come, and for how long it has been coming", () => {
  const puller = new Puller();
  puller.admit();
  puller.mono = 400;
  expect(puller.serving(1, 1_000)).toEqual([]);
  puller.parcels(1, 30);
  expect(puller.snapshot()).toEqual({ peer: bob, parcels: 30, expected: 1_000, forMs: 400 });
  puller.serving(2, 7); // of a pull that is not under way
  expect(puller.snapshot()?.expected).toBe(1_000);
});

describe("superseded ranges", () => {
  const claim = (i: number): PullFact => ({ type: "superseded", session: 1, peer: bob, origins: [origin(i)] });

  test("are told at once while nothing is being merged", () => {
    const puller = new Puller();
    puller.admit();
    puller.superseded(1, [origin(7)]);
    expect(puller.facts).toEqual([claim(7)]);
  });

  test("wait for the parcels that may prove them, and are told after each merged frame", () => {
    const puller = new Puller();
    puller.admit();
    puller.parcels(1);
    puller.parcels(1);
    puller.superseded(1, [origin(7)]);
    expect(puller.facts).toEqual([]);
    for (const _ of [1, 2]) {
      puller.merged(1);
      expect(puller.facts).toEqual([claim(7)]);
      puller.pull.keepClaims(1, [], [origin(7)]);
    }
    puller.done(1);
    expect(puller.facts).toEqual([
      claim(7),
      {
        type: "completed",
        peer: bob,
        link: 1,
        equal: true,
        theirs: beaconOf(1).summary,
        askedAt: expect.any(Number) as number,
      },
    ]);
  });

  test("that were believed are not told again; what is left comes again with the next merged frame", () => {
    const puller = new Puller();
    puller.admit();
    puller.superseded(1, [origin(7)]);
    puller.pull.keepClaims(1, [origin(7)], []);
    puller.parcels(1);
    puller.merged(1);
    expect(puller.facts).toEqual([]);
    puller.superseded(1, [origin(8), origin(9)]);
    puller.pull.keepClaims(1, [origin(8)], [origin(9)]);
    puller.superseded(1, [origin(5)]);
    expect(puller.facts).toEqual([claim(5)]);
    puller.parcels(1);
    puller.merged(1);
    expect(puller.facts).toEqual([claim(9)]);
  });

  test("are taken back, and believed no more, once the pull brings something that is held back", () => {
    const puller = new Puller();
    puller.admit();
    puller.superseded(1, [origin(7)]);
    puller.pull.keepClaims(1, [origin(7)], []);
    puller.parcels(1);
    puller.step({ type: "parcelsDone", session: 1, bad: false, heldBack: true });
    expect(puller.facts).toEqual([{ type: "disbelieved", origins: [origin(7)] }]);
    puller.superseded(1, [origin(8)]);
    expect(puller.facts).toEqual([]);
  });

  test("are no progress: a peer that sends nothing else is given up", () => {
    const puller = new Puller();
    puller.admit();
    puller.mono = 10_000;
    puller.superseded(1, [origin(7)]);
    expect(puller.pull.nextDeadline()).toBe(pullStallMs);
    expect(puller.at(pullStallMs)).toEqual(["ended timeout after 0"]);
  });

  test.each<[string, (puller: Puller) => void]>([
    [
      "was told busy",
      (puller) => {
        puller.done(1, { status: "busy" });
        puller.merged(1);
      },
    ],
    ["was given up", (puller) => void puller.at(pullStallMs)],
    ["lost its link", (puller) => void puller.step({ type: "linkLost", link: 1 })],
  ])("still unproven when a pull %s are forgotten with it", (_, end) => {
    const puller = new Puller();
    puller.admit();
    puller.parcels(1);
    puller.superseded(1, [origin(7)]);
    end(puller);
    expect(puller.facts.filter(({ type }) => type === "superseded")).toEqual([]);
    puller.step({ type: "linkLost", link: 1 });
    puller.admit();
    puller.done(2);
    expect(puller.facts).toEqual([
      {
        type: "completed",
        peer: bob,
        link: 1,
        equal: true,
        theirs: beaconOf(1).summary,
        askedAt: expect.any(Number) as number,
      },
    ]);
  });

  test("are kept up to 50,000; the rest is for a later pull", () => {
    const puller = new Puller();
    puller.admit();
    puller.parcels(1);
    const many = new Array<OriginRanges>(1_000).fill(origin(7));
    for (let i = 0; i <= supersededClaimsMax / 1_000; i++) puller.superseded(1, many);
    puller.merged(1);
    expect(puller.facts[0]).toMatchObject({ type: "superseded", origins: { length: supersededClaimsMax } });
  });
});

describe("a difference is unexplained", () => {
  const unexplained = { type: "unexplained", peer: bob, link: 1 };

  test("from the second pull on that moved nothing while the sets differ", () => {
    const puller = new Puller();
    puller.admit();
    for (const [session, expected] of [
      [1, []],
      [2, [unexplained]],
      [3, [unexplained]],
    ] as const) {
      puller.done(session, { count: 2 });
      expect(puller.facts.filter(({ type }) => type === "unexplained")).toEqual(expected);
      puller.next();
    }
  });

  test.each<[string, (puller: Puller, session: number) => void]>([
    ["the sets are equal", (puller, session) => void puller.done(session)],
    [
      "something was moved",
      (puller, session) => {
        puller.parcels(session);
        puller.merged(session);
        puller.done(session, { count: 2 });
      },
    ],
    [
      "something changed here meanwhile",
      (puller, session) => {
        puller.changes += 1;
        puller.done(session, { count: 2 });
      },
    ],
  ])("never while %s", (_, end) => {
    const puller = new Puller();
    puller.admit();
    for (let session = 1; session < 10; session++) {
      end(puller, session);
      expect(puller.facts).not.toContainEqual(unexplained);
      puller.next();
    }
  });
});
