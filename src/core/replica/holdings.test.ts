import { describe, expect, test } from "vitest";
import { createMemoryStore } from "../../../sim/memory-store.ts";
import type { Author, Incarnation, Instant, NetworkId, Stamp } from "../../base/brand.ts";
import type { OriginRanges } from "../../codec/frontier.ts";
import type { Range } from "../../codec/ranges-wire.ts";
import type { StoreView } from "../../ports/store.ts";
import { ed25519Signer } from "../../crypto/ed25519.ts";
import { makeBatch } from "../data/batch.ts";
import { newState } from "./new-state.ts";
import { heldRangesMax } from "../data/limits.ts";
import type { Effect } from "../effects.ts";
import { Holdings } from "./holdings.ts";

const author = "a1".repeat(32) as Author;
const incarnation = "22".repeat(8) as Incarnation;
const origin = (ranges: readonly Range[], by: Author = author): OriginRanges => ({ author: by, incarnation, ranges });
const state = newState(incarnation, 0 as Instant);

function viewOf(origins: readonly OriginRanges[]): StoreView {
  const store = createMemoryStore();
  store.begin();
  for (const each of origins) store.apply({ type: "setOrigin", origin: each });
  store.commit();
  return store;
}

function holdingsOf(...origins: readonly OriginRanges[]): Holdings {
  const view = viewOf(origins);
  return new Holdings(
    {
      author: "ff".repeat(32) as Author,
      horizonDays: 30,
      freshIncarnation: "ff".repeat(8) as Incarnation,
      trieReplayOpsMin: 10,
    },
    view,
    state,
  );
}

test("a number counts as held only where its batch came whole, or its sender said that the rest does not live", () => {
  const signer = ed25519Signer(new Uint8Array(32).fill(7));
  const numbers = { network: "00".repeat(32) as NetworkId, incarnation, sequence: 3, stamp: 1 as Stamp };
  const put = {
    key: "k",
    content: { type: "value", value: new Uint8Array([1]) },
    replaces: undefined,
    ttlSeconds: undefined,
  } as const;
  const made = makeBatch([put], numbers, signer);
  if (!made.ok) throw new Error("the batch of this test is well-formed");
  const holdings = holdingsOf();
  const merge = (countsAsHeld: boolean): boolean => {
    const arrival = { at: 1 as Instant, via: { type: "own" } } as const;
    const terms = { rule: "waived", judged: 1 as Instant, arrival, countsAsHeld } as const;
    holdings.merge(made.value.parcel, terms, { wall: 1 as Instant, mono: 1 }, viewOf([]), []);
    return holdings.holds(signer.author, incarnation, 3);
  };
  expect([merge(false), merge(true)]).toEqual([false, true]);
});

describe("numbers said to be superseded", () => {
  test.each<[string, readonly Range[], readonly Range[], readonly OriginRanges[]]>([
    ["below it fill the gaps", [[4, 9]], [[3, 10]], []],
    [
      "across it are clipped",
      [[5, 20]],
      [
        [3, 3],
        [5, 10],
      ],
      [origin([[11, 20]])],
    ],
    [
      "behind it are left",
      [[11, 12]],
      [
        [3, 3],
        [10, 10],
      ],
      [origin([[11, 12]])],
    ],
  ])("are believed up to the highest proven number: those %s", (_, claimed, held, left) => {
    const holdings = holdingsOf(
      origin([
        [3, 3],
        [10, 10],
      ]),
    );
    expect(holdings.markSuperseded([origin(claimed)]).beyond).toEqual(left);
    expect(holdings.origins()).toEqual([origin(held)]);
  });

  test("of a writer that nothing has proven are all left", () => {
    const holdings = holdingsOf();
    expect(holdings.markSuperseded([origin([[1, 5]])]).beyond).toEqual([origin([[1, 5]])]);
    expect(holdings.origins()).toEqual([]);
  });

  test("are written once at the end of the turn", () => {
    const holdings = holdingsOf(origin([[10, 10]]));
    holdings.markSuperseded([origin([[1, 4]]), origin([[5, 9]])]);
    const out: Effect[] = [];
    holdings.endTurn(viewOf([]), out);
    holdings.endTurn(viewOf([]), out);
    expect(out).toEqual([{ type: "persist", write: { type: "setOrigin", origin: origin([[1, 10]]) } }]);
  });

  test("that would need more ranges than are kept change nothing", () => {
    const held = Array.from({ length: heldRangesMax }, (_, i) => [4 * i + 4, 4 * i + 4] as const);
    const holdings = holdingsOf(origin(held));
    expect(holdings.markSuperseded([origin([[2, 2]])])).toEqual({ believed: [], beyond: [] });
    expect(holdings.origins()).toEqual([origin(held)]);
  });
});
