import { describe, expect, test } from "vitest";
import { Holder, ann, bea, everyHash, link, numbered, said } from "../../../../test/support/walking-holder.ts";
import type { Instant } from "../../../base/brand.ts";
import type { WalkMessage, WalkNode, WalkPrefix } from "../../../codec/walk.ts";
import { sha256 } from "../../../crypto/hash.ts";
import { walkEveryMsMin, walkFruitlessNodesMax, walkParcelWindow, walkStallMs, walkTurnMsMax } from "../limits.ts";
import { WalkAsk, type WalkAskFact } from "./ask.ts";

/** An asker alone, told what a test likes. */
class LoneAsker extends Holder {
  readonly ask = new WalkAsk();

  step(input: Parameters<WalkAsk["step"]>[0]): readonly WalkAskFact[] {
    return this.ask.step(input, this.holdings, this.now, this.out);
  }

  hear(message: Extract<WalkMessage, { type: "opened" | "answer" | "ended" }>): readonly WalkAskFact[] {
    return this.step({ type: "messageReceived", link, message });
  }

  begin(): void {
    this.step({ type: "walkWanted", link, peer: bea });
    this.hear({
      type: "opened",
      session: 1,
      beacon: {
        clock: 1 as Instant,
        summary: { count: 9, root: sha256(new Uint8Array(1)) },
        stale: false,
        full: false,
        heldBack: 0,
      },
    });
    this.frames();
  }

  said(): readonly string[] {
    return this.frames().map((frame) => said(frame).type);
  }
}

function openedBy({ holdings }: Holder): Extract<WalkMessage, { type: "opened" }> {
  const summary = { ...holdings.beacon().summary, count: 99 };
  return { type: "opened", session: 1, beacon: { ...holdings.beacon(), summary } };
}

describe("an asker", () => {
  test("gives up a walk that stalls, one that takes too long, and one whose link is lost", () => {
    const stalled = new LoneAsker(numbered(5));
    stalled.begin();
    stalled.mono = walkStallMs;
    expect(stalled.step({ type: "timePassed" })).toMatchObject([{ type: "walkEnded", how: "timeout" }]);
    expect(stalled.said()).toEqual(["close"]);

    const long = new LoneAsker(numbered(5));
    long.begin();
    for (; long.mono < walkTurnMsMax; long.mono += walkStallMs - 1) {
      expect(long.step({ type: "timePassed" })).toEqual([]);
      long.step({ type: "parcelsReceived", link, session: 1, count: 1 });
    }
    expect(long.step({ type: "timePassed" })).toMatchObject([{ type: "walkEnded", how: "timeout" }]);

    const cut = new LoneAsker(numbered(5));
    cut.begin();
    expect(cut.step({ type: "linkLost", link })).toMatchObject([{ type: "walkEnded", how: "linkLost" }]);
    expect(cut.said()).toEqual([]);
  });

  test("keeps few paths back while answers that lead to more of their round are under way", () => {
    const asker = new LoneAsker(numbered(5_000));
    asker.begin();
    const answer = (request: number, nodes: readonly WalkNode[]): readonly string[] => {
      asker.hear({ type: "answer", session: 1, request, nodes });
      return asker.said();
    };
    const everyChild = Array.from({ length: 16 }, (_, digit) => digit.toString(16));
    const differing = (path: string): WalkNode => ({ type: "children", path, hashes: everyHash(1) });
    const asks = answer(1, everyChild.map(differing)); // 256 paths, 40 in a request, and nothing else under way
    expect(asks).toEqual(new Array<string>(7).fill("ask"));
    expect(answer(2, [differing("ff")])).toEqual([]);
    for (let request = 3; request < 8; request++) expect(answer(request, [])).toEqual([]);
    expect(answer(8, [])).toEqual(["ask"]);
    expect(answer(9, [])).toEqual(["close"]);
  });

  test("walks with one peer at most every 10 s, and with one after the other", () => {
    const asker = new LoneAsker(numbered(5));
    asker.step({ type: "walkWanted", link, peer: bea });
    asker.step({ type: "walkWanted", link: 2, peer: ann });
    expect(asker.said()).toEqual(["open", "ask"]);
    expect(asker.hear({ type: "ended", session: 1, status: "busy" })).toMatchObject([{ how: "busy" }]);
    expect(asker.said()).toEqual(["close", "open", "ask"]);
    asker.step({ type: "linkLost", link: 2 });
    asker.mono = walkEveryMsMin - 1;
    asker.step({ type: "walkWanted", link, peer: bea });
    expect(asker.said()).toEqual([]);
    asker.mono = walkEveryMsMin;
    asker.step({ type: "walkWanted", link, peer: bea });
    expect(asker.said()).toEqual(["open", "ask"]);
  });

  test.each<[string, (asker: LoneAsker) => readonly WalkAskFact[]]>([
    ["answers what was not asked", (asker) => asker.hear({ type: "answer", session: 1, request: 7, nodes: [] })],
    [
      "answers for another path",
      (asker) =>
        asker.hear({
          type: "answer",
          session: 1,
          request: 1,
          nodes: [{ type: "children", path: "ab", hashes: everyHash(1) }],
        }),
    ],
    [
      "opens twice",
      (asker) =>
        asker.hear({
          type: "opened",
          session: 1,
          beacon: {
            clock: 1 as Instant,
            summary: { count: 1, root: new Uint8Array(32) },
            stale: false,
            full: false,
            heldBack: 0,
          },
        }),
    ],
    [
      "sends bad batches",
      (asker) => {
        asker.step({ type: "parcelsReceived", link, session: 1, count: 1 });
        return asker.step({ type: "parcelsDone", session: 1, bad: true, news: 0 });
      },
    ],
  ])("leaves a peer that %s", (_, misbehave) => {
    const asker = new LoneAsker(numbered(5));
    asker.begin();
    expect(misbehave(asker)).toMatchObject([
      { type: "walkEnded", how: "misbehaved" },
      { type: "misbehaved", peer: bea },
    ]);
  });

  test("leaves a peer that claims differences without end, long before it has asked for a million", () => {
    const asker = new LoneAsker(numbered(5));
    asker.begin();
    let nodes = 0;
    let facts: readonly WalkAskFact[] = [];
    asker.hear({
      type: "answer",
      session: 1,
      request: 1,
      nodes: [...Array(16).keys()].map((digit) => ({
        type: "children",
        path: digit.toString(16),
        hashes: everyHash(digit + 1),
      })),
    });
    for (let frames = asker.frames(); frames.length > 0 && facts.length === 0; frames = asker.frames()) {
      for (const frame of frames) {
        const message = said(frame);
        if (message.type !== "ask" || facts.length > 0) continue;
        nodes += message.nodes.length;
        const lies = message.nodes.map((node) => {
          const path = node.type === "prefix" ? "" : node.path;
          return { type: "children", path, hashes: everyHash(nodes % 251) } as const;
        });
        facts = asker.hear({ type: "answer", session: 1, request: message.request, nodes: lies });
      }
    }
    expect(facts.at(-1)).toMatchObject({ type: "misbehaved", reason: /never end/ });
    expect(nodes).toBeLessThan(2 * walkFruitlessNodesMax);
  });

  test("asks for what is wanted first page after page, compares nothing, and leaves a peer that answers for another prefix", () => {
    const asker = new LoneAsker(numbered(5));
    asker.step({ type: "firstWanted", link, peer: bea, prefixes: ["a/", "b/"] });
    const asked = (): readonly unknown[] =>
      asker.frames().flatMap((frame) => {
        const message = said(frame);
        return message.type === "ask" ? [message.nodes] : [];
      });
    const page = (prefix: string, after = "", more = false): WalkPrefix => ({ type: "prefix", prefix, after, more });
    expect(asked()).toEqual([[page("a/"), page("b/")]]);
    asker.hear(openedBy(asker));
    asker.hear({ type: "answer", session: 1, request: 1, nodes: [page("a/", "a/9", true), page("b/", "b/3")] });
    expect(asked()).toEqual([[page("a/", "a/9")]]);
    asker.hear({ type: "answer", session: 1, request: 2, nodes: [page("a/", "a/9")] });
    expect(asker.said()).toEqual(["close"]);
    asker.step({ type: "firstWanted", link, peer: bea, prefixes: ["a/"] });
    asker.hear({ ...openedBy(asker), session: 2 });
    const lie = { type: "answer", session: 2, request: 1, nodes: [page("c/", "c/1", true)] } as const;
    expect(asker.hear(lie).at(-1)).toMatchObject({ type: "misbehaved", reason: /another prefix/ });
  });

  test("expects parcels of its walk only, and within their window", () => {
    const asker = new LoneAsker(numbered(5));
    expect(asker.ask.expects(link, 1)).toBe(false);
    asker.begin();
    for (let i = 0; i < walkParcelWindow; i++) {
      expect(asker.ask.expects(link, 1)).toBe(true);
      asker.step({ type: "parcelsReceived", link, session: 1, count: 1 });
    }
    expect([asker.ask.expects(link, 1), asker.ask.expects(link, 2), asker.ask.expects(2, 1)]).toEqual([
      false,
      false,
      false,
    ]);
    asker.step({ type: "parcelsDone", session: 1, bad: false, news: 1 });
    expect(asker.ask.expects(link, 1)).toBe(true);
  });
});
