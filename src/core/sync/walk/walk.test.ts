import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Holder, type Values, ann, bea, link, numbered, said } from "../../../../test/support/walking-holder.ts";
import { type Bytes, concat, utf8Encode } from "../../../base/bytes.ts";
import { type WalkMessage, decodeWalk, encodeWalk } from "../../../codec/walk.ts";
import type { OpId } from "../../../ports/store.ts";
import { type WalkAskFact, WalkAsk } from "./ask.ts";
import { type AskerMessage, WalkServe, type WalkServeFact } from "./serve.ts";

interface Cost {
  /** Half round trips until the asker had everything. */
  readonly halves: number;
  /** Bytes of both directions beside the parcels. */
  readonly bytes: number;
  readonly sent: number;
  readonly facts: readonly (WalkAskFact | WalkServeFact)[];
}

interface Course {
  /** Called before each half round trip. */
  readonly between?: (half: number) => void;
  /** The link breaks before this half round trip, and what is under way is lost. */
  readonly cutAt?: number;
}

/** Lets one side walk through the other's set, a half round trip at a time. */
function walk(asker: Holder, server: Holder, { between = () => undefined, cutAt = Infinity }: Course = {}): Cost {
  const [ask, serve] = [new WalkAsk(), new WalkServe()];
  const facts: (WalkAskFact | WalkServeFact)[] = [];
  facts.push(...ask.step({ type: "walkWanted", link, peer: bea }, asker.holdings, asker.now, asker.out));
  let [halves, bytes, sent] = [0, 0, 0];
  for (let idle = 0; idle < 2; halves++) {
    if (halves >= cutAt) {
      facts.push(...ask.step({ type: "linkLost", link }, asker.holdings, asker.now, asker.out));
      serve.linkLost(link);
      for (const holder of [asker, server]) holder.out.length = 0;
      break;
    }
    const frames = halves % 2 === 0 ? asker.frames() : server.frames();
    idle = frames.length === 0 ? idle + 1 : 0;
    between(halves);
    for (const frame of frames) {
      expect(frame.length).toBeLessThanOrEqual(64 * 1024 + 1_024);
      const message = said(frame);
      if (message.type !== "parcels") bytes += frame.length;
      if (halves % 2 === 0) {
        const received = { type: "messageReceived", link, peer: ann, message: message as AskerMessage } as const;
        facts.push(...serve.step(received, server.holdings, server.view, server.now, server.out));
      } else if (message.type === "parcels") {
        sent += message.parcels.length;
        const { session } = message;
        const count = message.parcels.length;
        facts.push(
          ...ask.step({ type: "parcelsReceived", link, session, count }, asker.holdings, asker.now, asker.out),
        );
        const news = merge(asker, message.parcels as readonly Bytes[]);
        facts.push(
          ...ask.step({ type: "parcelsDone", session, bad: false, news }, asker.holdings, asker.now, asker.out),
        );
      } else {
        const answer = message as Extract<WalkMessage, { type: "opened" | "answer" | "ended" }>;
        facts.push(
          ...ask.step({ type: "messageReceived", link, message: answer }, asker.holdings, asker.now, asker.out),
        );
      }
    }
    while (serve.nextDeadline() !== undefined && server.out.length === 0) {
      server.mono = Math.max(server.mono, serve.nextDeadline() ?? 0) + 1;
      serve.step({ type: "timePassed" }, server.holdings, server.view, server.now, server.out);
    }
  }
  expect(serve.active).toBe(0);
  return { halves: halves - 2, bytes, sent, facts };
}

/** The larger version of each key lives. */
function merge(holder: Holder, parcels: readonly Bytes[]): number {
  let news = 0;
  for (const parcel of parcels) {
    const [key, version] = JSON.parse(new TextDecoder().decode(parcel)) as [string, number];
    if ((holder.versions.get(key) ?? 0) >= version) continue;
    holder.set(key, version);
    news += 1;
  }
  return news;
}

describe("a walk", () => {
  test("between equal sets takes one round trip and 400 bytes", () => {
    for (const count of [0, 1, 10, 5_000]) {
      const cost = walk(new Holder(numbered(count)), new Holder(numbered(count)));
      expect(cost.bytes).toBeLessThanOrEqual(400);
      expect(cost.sent).toBe(0);
      expect(cost.facts).toMatchObject([{ type: "walkEnded", how: "complete", equal: true }]);
    }
  });

  test("brings exactly what the asker lacks, and tells the server that the asker has more", () => {
    const version = fc.integer({ min: 0, max: 3 });
    const pairs = fc.array(fc.tuple(version, version), { maxLength: 1_200, size: "max" });
    fc.assert(
      fc.property(pairs, fc.integer({ min: 0, max: 700 }), (differing, common) => {
        const theirs = (values: readonly number[]): Values =>
          Object.fromEntries(values.flatMap((each, i) => (each === 0 ? [] : [[`differing-${i}`, each]])));
        const asker = new Holder({ ...numbered(common), ...theirs(differing.map(([a]) => a)) });
        const server = new Holder({ ...numbered(common), ...theirs(differing.map(([, b]) => b)) });
        const expected = new Holder({ ...numbered(common), ...theirs(differing.map(([a, b]) => Math.max(a, b))) });
        const { facts, sent } = walk(asker, server);
        expect(asker.root).toBe(expected.root);
        expect(sent).toBe(differing.filter(([a, b]) => b > 0 && a !== b).length);
        const hasMore = differing.some(([a, b]) => a > 0 && a !== b);
        expect(facts.map(({ type }) => type)).toEqual(hasMore ? ["walkEnded", "askerHasMore"] : ["walkEnded"]);
      }),
      { numRuns: 20 },
    );
  });

  test.each([
    ["one entry of 20,000", 20_000, 1, 6, 4_000],
    ["ten entries of 20,000", 20_000, 10, 6, 30_000],
    ["400 entries of 20,000, in as many requests", 20_000, 400, 6, 300_000],
  ])("through %s costs little", (_, count, missing, halves, bytesMax) => {
    const asker = new Holder(numbered(count - missing));
    const cost = walk(asker, new Holder(numbered(count)));
    expect(cost.sent).toBe(missing);
    expect(cost.halves - 1).toBeLessThanOrEqual(halves); // the last one is the asker's close
    expect(cost.bytes).toBeLessThanOrEqual(bytesMax);
  });

  test("into an empty set, and into one that has nothing of the other's", () => {
    for (const before of [{}, numbered(3_000, 1, 100_000)]) {
      const asker = new Holder(before);
      walk(asker, new Holder(numbered(3_000)));
      expect(asker.root).toBe(new Holder({ ...before, ...numbered(3_000) }).root);
    }
  });

  test("sees the sets as they were when it began, and ends while both sides write on", () => {
    const [asker, server] = [new Holder(numbered(2_000)), new Holder(numbered(2_500))];
    let written = 0;
    const between = (): void => {
      for (let i = 0; i < 300; i++) {
        server.set(`late-${written}`, 1);
        asker.set(`own-${written++}`, 1);
      }
    };
    walk(asker, server, { between });
    for (let i = 0; i < 2_500; i++) expect(asker.versions.get(`key-${i}`)).toBe(1);
  });

  test("that breaks off is resumed by the next one: nothing that came comes again", () => {
    for (const cutAt of [2, 3, 4, 5, 8, 13]) {
      const [asker, server] = [new Holder(numbered(500)), new Holder(numbered(6_000))];
      const sent: number[] = [];
      for (const how of ["linkLost", "linkLost", "complete"] as const) {
        const cost = walk(asker, server, how === "linkLost" ? { cutAt } : {});
        expect(cost.facts.find(({ type }) => type === "walkEnded")).toMatchObject({ how });
        sent.push(cost.sent);
      }
      expect(asker.root).toBe(server.root);
      expect(sent.reduce((sum, each) => sum + each)).toBe(5_500);
      expect(sent.every((each) => each > 0)).toBe(cutAt >= 4); // before that the link breaks ahead of the first parcel
    }
  });

  test("leaves out what was superseded since it began", () => {
    const [asker, server] = [new Holder(numbered(10)), new Holder(numbered(40))];
    const { fragments } = server.view;
    Object.assign(server.view, {
      fragments: (ids: readonly OpId[], bytesMax: number) => {
        const { taken } = fragments(ids, bytesMax);
        return { parcels: [], taken };
      },
    });
    expect(walk(asker, server).facts).toMatchObject([{ type: "walkEnded", how: "complete", equal: false }]);
  });
});

test("both sides name the same messages", () => {
  const frame = encodeWalk({ type: "parcels", session: 7, parcels: [utf8Encode("a"), utf8Encode("bc")] });
  expect(said(frame)).toEqual({ type: "parcels", session: 7, parcels: [utf8Encode("a"), utf8Encode("bc")] });
  expect(decodeWalk(concat([frame, new Uint8Array(1)]))).toMatchObject({ ok: false });
});
