/** Nodes of the machine alone, wired by hand; what each says of itself is a word of the test's. */
import { describe, expect, test } from "vitest";
import type { Instant, PeerId, Time } from "../../../base/brand.ts";
import { decodePeers } from "../../../codec/peers.ts";
import { peerIdOf } from "../../../codec/peer-id.ts";
import { ed25519Signer } from "../../../crypto/ed25519.ts";
import type { LinkId } from "../../../ports/network.ts";
import type { Effect } from "../../effects.ts";
import {
  viewEveryMsMin,
  viewNeighboursMax,
  viewPassedWithinMs,
  viewWithinMs,
  viewsAtOnceMax,
  viewsOwnMax,
  viewsPendingMax,
} from "./limits.ts";
import { Views, type ViewsInput } from "./machine.ts";

const peerOf = (i: number): PeerId => peerIdOf(ed25519Signer(new Uint8Array(32).fill(i)).author);
const [alice, bob, nora] = [peerOf(1), peerOf(2), peerOf(3)];

/** One node: its machine, whom it is linked with, and what it sends, answers and wants to know. */
class Node {
  readonly views: Views;
  readonly links = new Map<LinkId, PeerId>();
  mono = 0;

  constructor(self: PeerId, links: readonly (readonly [LinkId, PeerId])[]) {
    this.views = new Views(self);
    for (const [link, peer] of links) this.links.set(link, peer);
  }

  take(input: ViewsInput): readonly unknown[] {
    const out: Effect[] = [];
    const now: Time = { wall: this.mono as Instant, mono: this.mono };
    const members = {
      linkOf: (peer: PeerId) => [...this.links].find(([, each]) => each === peer)?.[0],
      admitted: () => Array.from(this.links, ([link, peer]) => ({ link, peer })),
    };
    this.views.step(input, members, now, out);
    return out.map(shown);
  }

  ask(of: PeerId, ticket = 1): readonly unknown[] {
    return this.take({ type: "viewsRequested", ticket, of });
  }

  /** A question that comes over a link. */
  asked(link: LinkId, of: PeerId, about: PeerId, number = 77): readonly unknown[] {
    const message = { type: "askView", number, of, about } as const;
    return this.take({ type: "asked", link, peer: this.links.get(link) as PeerId, message });
  }

  told(link: LinkId, number: number, by: PeerId, conclusion = "said"): readonly unknown[] {
    const view = { by, cause: "c", conclusion, next: "n" };
    return this.take({
      type: "told",
      link,
      peer: this.links.get(link) as PeerId,
      message: { type: "view", number, view },
    });
  }

  given(number: number): readonly unknown[] {
    return this.take({ type: "viewGiven", number, cause: "mine", conclusion: "own words", next: "own advice" });
  }

  /** Goes on to that time, whether or not anything is due. */
  at(mono: number): readonly unknown[] {
    this.mono = mono;
    return this.take({ type: "timePassed" });
  }

  lose(link: LinkId): readonly unknown[] {
    this.links.delete(link);
    return this.take({ type: "linkLost", link });
  }
}

function shown(effect: Effect): unknown {
  if (effect.type === "answer") return effect.outcome;
  if (effect.type !== "network" || effect.order.type !== "send") return effect;
  const message = decodePeers(effect.order.frame);
  return [effect.order.link, message.ok ? message.value : message.code];
}

const answered = (views: readonly unknown[], silent: readonly PeerId[] = []): unknown => ({
  type: "views",
  views,
  silent,
});
const heard = (by: PeerId, through: PeerId, conclusion = "said"): unknown => ({
  by,
  through,
  cause: "c",
  conclusion,
  next: "n",
});

describe("a question of our own", () => {
  test("goes to the peer itself where a link leads there", () => {
    const node = new Node(alice, [
      [1, nora],
      [2, bob],
    ]);
    expect(node.ask(bob)).toEqual([[2, { type: "askView", number: 1, of: bob, about: alice }]]);
    expect(node.told(2, 1, bob)).toEqual([answered([heard(bob, bob)])]);
    expect(node.views.nextDeadline()).toBeUndefined();
  });

  test("goes to three neighbours where none does, the next one to others", () => {
    const links = [1, 2, 3, 4, 5].map((link) => [link, peerOf(10 + link)] as const);
    const node = new Node(alice, links);
    const asked = (out: readonly unknown[]): unknown[] => out.map((sent) => (sent as [number])[0]);
    expect(asked(node.ask(bob))).toEqual([1, 2, 3]);
    expect(asked(node.ask(bob, 2))).toEqual([4, 5, 1]);
    expect(viewNeighboursMax).toBe(3);
  });

  test("is answered with the peer's own view and with who passed it on", () => {
    const node = new Node(alice, [[1, nora]]);
    node.ask(bob);
    expect(node.told(1, 1, bob)).toEqual([answered([heard(bob, nora)])]);
  });

  test("is answered after 2 s with what there is by then, and says who was silent", () => {
    const node = new Node(alice, [
      [1, nora],
      [2, peerOf(4)],
    ]);
    node.ask(bob);
    expect(node.told(1, 1, nora)).toEqual([]);
    expect(node.views.nextDeadline()).toBe(viewWithinMs);
    expect(node.at(viewWithinMs - 1)).toEqual([]);
    expect(node.at(viewWithinMs)).toEqual([answered([heard(nora, nora)], [peerOf(4)])]);
    expect(node.told(2, 2, bob)).toEqual([]);
  });

  test("is answered at once where nobody can be asked", () => {
    const node = new Node(alice, []);
    expect(node.ask(bob)).toEqual([answered([])]);
    node.links.set(1, nora);
    expect(node.ask(alice)).toEqual([answered([])]);
    expect(node.ask("12D3KooWnobody" as PeerId)).toEqual([answered([])]);
  });

  test("is answered when the last link that was asked ends", () => {
    const node = new Node(alice, [[1, nora]]);
    node.ask(bob);
    expect(node.lose(1)).toEqual([answered([], [nora])]);
  });

  test("is not answered by another link, by the view of a third, or twice", () => {
    const node = new Node(alice, [
      [1, nora],
      [2, peerOf(4)],
    ]);
    node.ask(bob);
    expect(node.told(2, 1, bob)).toEqual([]);
    expect(node.told(1, 1, peerOf(5))).toEqual([]);
    expect(node.told(1, 1, bob)).toEqual([]);
    expect(node.told(1, 1, bob, "again")).toEqual([]);
    expect(node.told(2, 2, bob)).toEqual([answered([heard(bob, nora), heard(bob, peerOf(4))])]);
  });

  test("brings no control characters, nor those that turn the writing direction", () => {
    const node = new Node(alice, [[1, nora]]);
    node.ask(bob);
    const told = node.told(1, 1, bob, "a\u001b[31mb\r\nc\u202ed");
    expect(told).toEqual([answered([heard(bob, nora, "a [31mb c d")])]);
  });

  test("is refused while too many wait", () => {
    const node = new Node(alice, [[1, nora]]);
    for (let i = 0; i < viewsOwnMax; i++) node.ask(bob, i);
    expect(node.ask(bob, 99)).toEqual([expect.objectContaining({ type: "refused", code: "overloaded" })]);
    node.at(viewWithinMs);
    expect(node.ask(bob, 99)).toHaveLength(1);
  });
});

describe("a question of another member", () => {
  const linked = (): Node =>
    new Node(nora, [
      [1, alice],
      [2, bob],
    ]);

  test("about this node is answered with its own words", () => {
    const node = linked();
    expect(node.asked(1, nora, alice)).toEqual([{ type: "viewWanted", number: 1, about: alice }]);
    const view = { by: nora, cause: "mine", conclusion: "own words", next: "own advice" };
    expect(node.given(1)).toEqual([[1, { type: "view", number: 77, view }]]);
    expect(node.given(1)).toEqual([]);
  });

  test("about a linked peer is passed on, and the answer comes back with the asker's number", () => {
    const node = linked();
    expect(node.asked(1, bob, alice)).toEqual([[2, { type: "askView", number: 1, of: bob, about: alice }]]);
    const view = { by: bob, cause: "c", conclusion: "said", next: "n" };
    expect(node.told(2, 1, bob)).toEqual([[1, { type: "view", number: 77, view }]]);
    expect(node.views.nextDeadline()).toBeUndefined();
  });

  test("about a peer that is not linked is answered with what this node sees of it", () => {
    const node = new Node(nora, [[1, alice]]);
    expect(node.asked(1, bob, alice)).toEqual([{ type: "viewWanted", number: 1, about: bob }]);
    expect(node.given(1)).toEqual([[1, expect.objectContaining({ view: expect.objectContaining({ by: nora }) })]]);
  });

  test("is answered with this node's own view where the peer takes longer than a second, or its link ends", () => {
    const slow = linked();
    slow.asked(1, bob, alice);
    expect(slow.at(viewPassedWithinMs - 1)).toEqual([]);
    expect(slow.at(viewPassedWithinMs)).toEqual([{ type: "viewWanted", number: 2, about: bob }]);
    expect(slow.told(2, 1, bob)).toEqual([]);
    const lost = linked();
    lost.asked(1, bob, alice);
    expect(lost.lose(2)).toEqual([{ type: "viewWanted", number: 2, about: bob }]);
  });

  test("is passed on only where it is the asker's own business, and never back to it", () => {
    const node = linked();
    expect(node.asked(1, bob, peerOf(9))).toEqual([]);
    expect(node.asked(1, alice, alice)).toEqual([]);
  });

  test("that was passed on takes only the peer's own view from its own link", () => {
    const node = linked();
    node.links.set(3, peerOf(4));
    node.asked(1, bob, alice);
    expect(node.told(3, 1, bob)).toEqual([]);
    expect(node.told(2, 1, peerOf(4))).toEqual([]);
    expect(node.told(2, 1, bob)).toHaveLength(1);
  });

  test("is forgotten with the link it came over", () => {
    const node = linked();
    node.asked(1, bob, alice);
    node.asked(1, nora, alice);
    expect(node.lose(1)).toEqual([]);
    expect(node.told(2, 1, bob)).toEqual([]);
    expect(node.given(2)).toEqual([]);
    expect(node.views.nextDeadline()).toBeUndefined();
  });

  test("is forgotten where our own words do not come", () => {
    const node = linked();
    node.asked(1, nora, alice);
    expect(node.at(viewWithinMs)).toEqual([]);
    expect(node.given(1)).toEqual([]);
  });

  test("goes unanswered beyond five at once and one a second of its link", () => {
    const node = linked();
    const taken = (): number => node.asked(1, nora, alice).length;
    expect(Array.from({ length: viewsAtOnceMax + 2 }, taken)).toEqual([1, 1, 1, 1, 1, 0, 0]);
    expect(node.asked(2, nora, bob)).toHaveLength(1);
    node.at(viewEveryMsMin);
    expect([taken(), taken()]).toEqual([1, 0]);
    node.at(60_000);
    expect(Array.from({ length: viewsAtOnceMax + 1 }, taken)).toEqual([1, 1, 1, 1, 1, 0]);
  });

  test("goes unanswered while too many are under way, and is answered once they are not", () => {
    const links = Array.from({ length: viewsPendingMax + 1 }, (_, i) => [i + 1, peerOf(i + 10)] as const);
    const node = new Node(nora, links);
    const taken = links.map(([link, peer]) => node.asked(link, nora, peer).length);
    expect(taken.filter((count) => count === 1)).toHaveLength(viewsPendingMax);
    expect(taken.at(-1)).toBe(0);
    node.at(viewWithinMs);
    expect(node.asked(viewsPendingMax + 1, nora, peerOf(1))).toHaveLength(1);
  });
});
