import { expect, test } from "vitest";
import type { Author, Instant, PeerId } from "../../../base/brand.ts";
import { Prng } from "../../../base/prng.ts";
import { type PeersMessage, decodePeers, encodePeers } from "../../../codec/peers.ts";
import { peerIdOf } from "../../../codec/peer-id.ts";
import type { LinkId } from "../../../ports/network.ts";
import type { Effect } from "../../effects.ts";
import type { Note } from "../../notes.ts";
import { questionsAtOnceMax, questionsPerSecondMax, silentMsMax } from "./limits.ts";
import { Detector, type DetectorInput, type DetectorMessage, type SilentLink } from "./machine.ts";

const probeMs = 225;

interface Told {
  readonly at: number;
  readonly by: number;
  readonly note: Note;
}

/** Detectors linked each with each; the link from one to another has the other's number, plus 1. */
class Circle {
  readonly detectors: readonly Detector[];
  readonly told: Told[] = [];
  readonly closed: (SilentLink & { readonly by: number; readonly at: number })[] = [];
  readonly cuts = new Set<string>();
  frames = 0;
  delayMs = 10;
  now = 0;
  /** Detectors that take no turn before: theirs, and what comes for them, wait. */
  readonly #stalledUntil: number[];
  #queue: { readonly at: number; readonly run: () => void }[] = [];

  constructor(count: number, enabled: (index: number) => boolean = () => true, seed = 1) {
    const all = Array.from({ length: count }, (_, index) => index);
    this.#stalledUntil = all.map(() => 0);
    this.detectors = all.map(
      (index) => new Detector(() => ({ enabled: enabled(index), probeMs }), new Prng(seed * 100 + index)),
    );
    for (const index of all) {
      const links = all.filter((other) => other !== index).map((other) => ({ link: other + 1, peer: peerAt(other) }));
      this.step(index, { type: "linksChanged", links });
    }
  }

  step(index: number, input: DetectorInput): void {
    this.#take(index, (out) =>
      this.#detector(index)
        .step(input, this.#time(), out)
        .forEach((silent) => this.closed.push({ ...silent, by: index, at: this.now })),
    );
  }

  /** Cuts both ways between two. */
  cut(one: number, other: number): void {
    this.cuts.add(`${one}>${other}`).add(`${other}>${one}`);
  }

  cutOff(index: number): void {
    for (const other of this.detectors.keys()) if (other !== index) this.cut(index, other);
  }

  stall(index: number, ms: number): void {
    this.#stalledUntil[index] = this.now + ms;
  }

  pass(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const due = this.detectors.map((detector, index) =>
        Math.max(this.now, detector.nextDeadline() ?? Infinity, this.#stalledUntil[index] ?? 0),
      );
      const frame = this.#queue[0]?.at ?? Infinity;
      const next = Math.min(frame, ...due);
      if (next > end) break;
      this.now = Math.max(this.now, next);
      const turn = due.indexOf(next);
      if (turn >= 0) this.step(turn, { type: "timePassed" });
      else this.#queue.shift()?.run();
    }
    this.now = end;
  }

  /** What was told, by whom and of whom: `0 suspected 2`. */
  get lines(): readonly string[] {
    return this.told.map(({ by, note }) => `${by} ${note.type}${"link" in note ? ` ${note.link - 1}` : ""}`);
  }

  #take(index: number, turn: (out: Effect[]) => void): void {
    const out: Effect[] = [];
    turn(out);
    for (const effect of out) {
      if (effect.type === "note") this.told.push({ at: this.now, by: index, note: effect.note });
      if (effect.type === "network" && effect.order.type === "send")
        this.#send(index, effect.order.link - 1, effect.order.frame);
    }
  }

  #send(from: number, to: number, frame: Uint8Array): void {
    this.frames += 1;
    if (this.cuts.has(`${from}>${to}`)) return;
    const message = decodePeers(frame);
    if (!message.ok) throw new Error(message.code);
    this.#deliver(this.now + this.delayMs, to, from + 1, message.value);
  }

  #deliver(at: number, to: number, link: LinkId, message: PeersMessage): void {
    const run = (): void => {
      const stalledUntil = this.#stalledUntil[to] ?? 0;
      if (stalledUntil > this.now) this.#deliver(stalledUntil + 0.01, to, link, message);
      else this.#hear(to, link, message);
    };
    this.#queue.push({ at, run });
    this.#queue.sort((a, b) => a.at - b.at);
  }

  #hear(index: number, link: LinkId, message: PeersMessage): void {
    this.#take(index, (out) => this.#detector(index).heard(link, this.#time(), out));
    if (message.type === "probe")
      return this.#send(index, link - 1, encodePeers({ type: "probed", number: message.number }));
    const target = message.type === "probeOther" ? linkTo(message.peer) : undefined;
    this.step(index, { type: "message", link, message: message as DetectorMessage, target });
  }

  #detector(index: number): Detector {
    return this.detectors[index] as Detector;
  }

  #time(): { wall: Instant; mono: number } {
    return { wall: this.now as Instant, mono: this.now };
  }
}

function peerAt(index: number): PeerId {
  return peerIdOf((index + 1).toString(16).padStart(64, "0") as Author);
}

function linkTo(peer: PeerId): LinkId {
  for (let index = 0; index < 64; index++) if (peerAt(index) === peer) return index + 1;
  throw new Error("nobody is called so");
}

/** Each detector's first word about a peer, with the time since the cut. */
function noticed(circle: Circle, cutAt: number, type: Note["type"]): readonly number[] {
  return circle.told.filter(({ note }) => note.type === type).map(({ at }) => at - cutAt);
}

test("peers that answer are never suspected, and a pair exchanges four to five probes in a second, not nine", () => {
  const circle = new Circle(5);
  circle.pass(60_000);
  expect([circle.told, circle.closed]).toEqual([[], []]);
  const exchanges = circle.frames / 2 / 10 / 60; // of each of ten pairs, in a second
  expect(exchanges).toBeGreaterThan(4);
  expect(exchanges).toBeLessThan(5);
});

test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])(
  "a peer that is cut off is suspected by all others within a second, whenever it happens (%i)",
  (seed) => {
    const circle = new Circle(4, undefined, seed);
    circle.pass(10_000 + 37 * seed);
    const cutAt = circle.now;
    circle.cutOff(3);
    circle.pass(1_000);
    expect(circle.lines.filter((line) => line.includes("suspected")).toSorted()).toEqual([
      "0 suspected 3",
      "1 suspected 3",
      "2 suspected 3",
    ]);
    expect(Math.max(...noticed(circle, cutAt, "suspected"))).toBeLessThanOrEqual(750);
  },
);

test("who is cut off from all doubts itself and accuses nobody", () => {
  const circle = new Circle(4);
  circle.pass(5_000);
  circle.cutOff(3);
  circle.pass(4_000);
  expect(circle.lines.filter((line) => line.startsWith("3"))).toEqual(["3 selfDoubted"]);
});

test("a network that falls in two halves is noticed on both sides", () => {
  const circle = new Circle(4);
  circle.pass(5_000);
  const cutAt = circle.now;
  for (const [a, b] of [
    [0, 2],
    [0, 3],
    [1, 2],
    [1, 3],
  ] as const)
    circle.cut(a, b);
  circle.pass(1_000);
  expect(noticed(circle, cutAt, "suspected").length).toBe(8);
});

test("two alone notice that the other is gone, for there is nobody to ask", () => {
  const circle = new Circle(2);
  circle.pass(5_000);
  circle.cut(0, 1);
  circle.pass(1_000);
  expect(circle.lines.toSorted()).toEqual(["0 suspected 1", "1 suspected 0"]);
});

test("any sign of life ends a suspicion, and it is told how long it lasted", () => {
  const circle = new Circle(3);
  circle.pass(5_000);
  circle.cutOff(2);
  circle.pass(2_000);
  circle.cuts.clear();
  circle.pass(500);
  const ended = circle.told.flatMap(({ by, note }) => (note.type === "suspicionEnded" && by < 2 ? [note] : []));
  expect(ended.map(({ kind, how }) => [kind, how])).toEqual([
    ["suspected", "heard"],
    ["suspected", "heard"],
  ]);
  for (const { lastedMs } of ended) expect(lastedMs).toBeGreaterThan(1_000);
  expect(circle.lines.filter((line) => line.startsWith("2"))).toEqual(["2 selfDoubted", "2 selfTrusted"]);
  circle.pass(20_000);
  expect(circle.closed).toEqual([]);
});

test("a peer that another reaches is no suspect but unreachable directly, in both directions of the cut", () => {
  const circle = new Circle(3);
  circle.pass(5_000);
  const cutAt = circle.now;
  circle.cut(0, 2);
  circle.pass(1_000);
  expect(circle.lines.toSorted()).toEqual(["0 unreachableDirectly 2", "2 unreachableDirectly 0"]);
  expect(Math.max(...noticed(circle, cutAt, "unreachableDirectly"))).toBeLessThanOrEqual(750);
  const [first] = circle.told;
  expect(first?.note).toMatchObject({ by: peerAt(1) });
});

test("a link that is silent for long is given up, once, whether its peer is suspected, reached by others, or we are cut off", () => {
  for (const cut of [(circle: Circle) => circle.cut(0, 2), (circle: Circle) => circle.cutOff(2)]) {
    const circle = new Circle(3);
    circle.pass(5_000);
    cut(circle);
    circle.pass(silentMsMax);
    expect(circle.closed).toEqual([]);
    circle.pass(2_000);
    expect(circle.closed.filter(({ by }) => by === 0).map(({ link }) => link)).toEqual([3]);
    expect(circle.closed.filter(({ by }) => by === 2).length).toBeGreaterThan(0);
    for (const { silentMs } of circle.closed) expect(silentMs).toBeGreaterThan(silentMsMax);
  }
});

test("a link that ends takes its suspicion along", () => {
  const circle = new Circle(3);
  circle.pass(5_000);
  circle.cutOff(2);
  circle.pass(1_000);
  circle.step(0, { type: "linksChanged", links: [{ link: 2, peer: peerAt(1) }] });
  expect(circle.told.at(-1)?.note).toMatchObject({ type: "suspicionEnded", how: "closed", kind: "suspected" });
});

test.each([150, 400, 700, 3_000, 30_000])("who itself did not run for %i ms accuses nobody afterwards", (ms) => {
  for (let seed = 1; seed <= 10; seed++) {
    const circle = new Circle(4, undefined, seed);
    circle.pass(5_000 + 31 * seed);
    circle.stall(0, ms);
    circle.pass(ms + 5_000);
    expect(circle.lines.filter((line) => line.startsWith("0"))).toEqual([]);
    expect(circle.closed.filter(({ by }) => by === 0)).toEqual([]);
  }
});

test("turns that are late again and again make a node slower to suspect, and it recovers", () => {
  const circle = new Circle(4);
  for (let stall = 0; stall < 6; stall++) {
    circle.stall(0, 400);
    circle.pass(450);
  }
  const cutAt = circle.now;
  circle.cutOff(3);
  circle.pass(5_000);
  const byFirst = circle.told.find(({ by, note }) => by === 0 && note.type === "suspected");
  expect((byFirst?.at ?? 0) - cutAt).toBeGreaterThan(1_000);
  circle.cuts.clear();
  circle.pass(30_000);
  const again = circle.now;
  circle.cutOff(2);
  circle.pass(1_000);
  expect(circle.told.find(({ at, by, note }) => at > again && by === 0 && note.type === "suspected")).toBeDefined();
});

test("a slow link gets the time that its answers take", () => {
  const circle = new Circle(3);
  circle.delayMs = 180; // 360 ms for an answer, more than the shortest time for one
  circle.pass(3_000);
  circle.told.length = 0; // until it was measured
  circle.pass(60_000);
  expect([circle.lines, circle.closed]).toEqual([[], []]);
});

test("after a sleep everybody is probed at once and has all the time again", () => {
  const circle = new Circle(3);
  circle.pass(5_000);
  circle.cutOff(2);
  circle.pass(450);
  const before = circle.frames;
  circle.step(0, { type: "resumed" });
  expect(circle.frames - before).toBe(2);
  circle.pass(300);
  expect(circle.lines.filter((line) => line.startsWith("0"))).toEqual([]);
});

test("one that is off sends nothing by itself, and helps others all the same", () => {
  const off = new Circle(3, () => false);
  off.pass(10_000);
  expect([off.frames, off.detectors[0]?.nextDeadline()]).toEqual([0, undefined]);
  const circle = new Circle(3, (index) => index === 0);
  circle.pass(5_000);
  circle.cut(0, 2);
  circle.pass(1_000);
  expect(circle.lines).toEqual(["0 unreachableDirectly 2"]);
});

test("a link that asks about others without end is answered 50 times, and 25 times a second after that", () => {
  const circle = new Circle(3, () => false);
  const ask = (number: number): void =>
    circle.step(0, {
      type: "message",
      link: 2,
      message: { type: "probeOther", number, peer: peerAt(2) },
      target: 3,
    });
  for (let number = 0; number < 10_000; number++) ask(number);
  expect(circle.frames).toBe(questionsAtOnceMax);
  circle.now += 1_000;
  for (let number = 0; number < 10_000; number++) ask(number);
  expect(circle.frames).toBe(questionsAtOnceMax + questionsPerSecondMax);
});

test("who has no link to the one asked about says so, and one asked about itself too", () => {
  const circle = new Circle(3, () => false);
  for (const target of [undefined, 2])
    circle.step(0, { type: "message", link: 2, message: { type: "probeOther", number: 1, peer: peerAt(7) }, target });
  expect(circle.frames).toBe(2);
});

test("answers that nobody asked for, or from others than those asked, change nothing", () => {
  const circle = new Circle(3);
  circle.pass(5_000);
  circle.cutOff(2);
  circle.pass(560); // others are being asked
  for (let number = 0; number < 500; number++) {
    circle.step(0, {
      type: "message",
      link: 3,
      message: { type: "probedOther", number, reached: true },
      target: undefined,
    });
    circle.step(0, {
      type: "message",
      link: 2,
      message: { type: "probed", number: number + 70_000 },
      target: undefined,
    });
    circle.step(0, {
      type: "message",
      link: 2,
      message: { type: "probedOther", number: number + 70_000, reached: true },
      target: undefined,
    });
  }
  circle.pass(440);
  expect(circle.lines.filter((line) => line.startsWith("0"))).toEqual(["0 suspected 2"]);
});

test("many links are probed more rarely: at most 250 probes in a second", () => {
  const detector = new Detector(() => ({ enabled: true, probeMs: 50 }), new Prng(1));
  const links = Array.from({ length: 50 }, (_, index) => ({ link: index + 1, peer: peerAt(index) }));
  const out: Effect[] = [];
  const at = (mono: number): { wall: Instant; mono: number } => ({ wall: mono as Instant, mono });
  detector.step({ type: "linksChanged", links }, at(0), out);
  out.length = 0;
  for (let mono = 0; mono < 10_000; mono++) {
    detector.step({ type: "timePassed" }, at(mono), out);
  }
  const probes = out.filter(
    (effect) => effect.type === "network" && effect.order.type === "send" && effect.order.frame[0] === 1,
  );
  expect(probes.length).toBeLessThanOrEqual(2_500 * 1.1);
  expect(probes.length).toBeGreaterThan(2_000);
});
