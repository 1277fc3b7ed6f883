// tidy: long because each describe is a table over the one server above them
import { describe, expect, test } from "vitest";
import type { Author, Incarnation, Instant, PeerId, Time } from "../../../base/brand.ts";
import { type Bytes, concat } from "../../../base/bytes.ts";
import { Prng } from "../../../base/prng.ts";
import { type FrontierMessage, type OriginRanges, decodeFrontier } from "../../../codec/frontier.ts";
import { batchOpsMax, frontierRangesMax } from "../../../codec/limits.ts";
import { encodeOp } from "../../../codec/op.ts";
import { encodeHeader, encodeParcel } from "../../../codec/parcel.ts";
import type { Range } from "../../../codec/ranges-wire.ts";
import type { LinkId } from "../../../ports/network.ts";
import type { ParcelStretch, StoreView } from "../../../ports/store.ts";
import { anyHeader } from "../../../../tools/fuzz/samples.ts";
import { hasNumber } from "../../data/ranges.ts";
import type { Effect } from "../../effects.ts";
import {
  parcelFrameBytes,
  parcelFrameBytesMax,
  pullWindowFrames,
  askingRangesMax,
  serveSilentMs,
  servedEveryMsMin,
  servedRangesMax,
  servesMax,
  servesPerLinkMax,
  supersededOriginsMax,
} from "../limits.ts";
import { Serve, type ServedHoldings } from "./machine.ts";

const author = (i: number): Author => i.toString(16).padStart(64, "0") as Author;
const incarnation = "22".repeat(8) as Incarnation;
const now: Time = { wall: 5 as Instant, mono: 0 };
const beacon = {
  clock: 5 as Instant,
  summary: { count: 1, root: new Uint8Array(32) },
  stale: false,
  full: false,
  heldBack: 0,
};

const origin = (i: number, ranges: readonly Range[]): OriginRanges => ({ author: author(i), incarnation, ranges });

/** Everything held, of which only some numbers are still stored, each as a batch of these values. */
class Server {
  readonly serve = new Serve();
  mono = 0;
  readonly #held: readonly OriginRanges[];
  readonly #stored: readonly Range[];
  readonly #valueSizes: readonly number[];

  constructor(held: readonly OriginRanges[], stored: readonly Range[], ...valueSizes: readonly number[]) {
    this.#held = held;
    this.#stored = stored;
    this.#valueSizes = valueSizes.length === 0 ? [10] : valueSizes;
  }

  /** A pull, or its next part; another session of a link comes after the pause that is asked of it. */
  pull(origins: readonly OriginRanges[] = [], { link = 1, session = 1, last = true } = {}): readonly string[] {
    this.mono += servedEveryMsMin / 100;
    if (session !== 1) this.mono += servedEveryMsMin;
    const pull = { type: "pull", session, beacon, last, origins } as const;
    return this.#step({ type: "pullReceived", link, peer: "bob" as PeerId, pull });
  }

  /** What the last pull told of the asker against us. */
  gaps: ReturnType<Serve["step"]>;

  more(session = 1, link: LinkId = 1): readonly string[] {
    return this.#step({ type: "moreReceived", link, session });
  }

  #step(input: Parameters<Serve["step"]>[0]): readonly string[] {
    const out: Effect[] = [];
    const holdings: ServedHoldings = { origins: () => this.#held, beacon: () => beacon };
    this.gaps = this.serve.step(input, holdings, this.#view(), { wall: now.wall, mono: this.mono }, out);
    return out.flatMap(lineOf);
  }

  #view(): StoreView {
    const parcels: StoreView["parcels"] = ({ author, incarnation, from, to, bytesMax, skip }) => {
      const found = [];
      for (let sequence = from, bytes = 0; sequence <= to && (bytes < bytesMax || found.length === 0); sequence++) {
        if (!hasNumber(this.#stored, sequence) || (sequence === from && skip > 0)) continue;
        const parcel = parcelOf(author, incarnation, sequence, this.#valueSizes);
        bytes += parcel.length;
        found.push({ sequence, bytes: parcel });
      }
      return found;
    };
    return { parcels } as StoreView;
  }
}

/** A whole batch of values of these sizes. */
function parcelOf(author: Author, incarnation: Incarnation, sequence: number, sizes: readonly number[]): Bytes {
  const header = { ...anyHeader(new Prng(1), sizes.length), author, incarnation, sequence };
  const ops = sizes.map((size, index) => ({
    index,
    bytes: encodeOp({
      key: `k${String(index).padStart(3, "0")}`,
      content: { type: "value", value: new Uint8Array(size) },
      ttlSeconds: undefined,
      replaces: undefined,
    }),
  }));
  return encodeParcel(concat([encodeHeader(header), new Uint8Array(64)]), ops.length, ops, []);
}

function lineOf(effect: Effect): readonly string[] {
  if (effect.type === "note") return [];
  if (effect.type !== "network" || effect.order.type !== "send") return [effect.type];
  const decoded = decodeFrontier(effect.order.frame);
  if (!decoded.ok) return [decoded.code];
  const message = decoded.value;
  switch (message.type) {
    case "parcels":
      return [`parcels ${message.parcels.map(({ header }) => header.sequence).join(" ")}`];
    case "superseded":
      return message.origins.map(({ ranges }) => `superseded ${ranges.map(([from, to]) => `${from}-${to}`).join(" ")}`);
    case "done":
      return [`done ${message.status}`];
    case "serving":
      return []; // told by a test of its own
    default:
      return [message.type];
  }
}

/** All that is said at once to one who holds nothing, by a server that has stored nothing of what it held. */
function answered(held: readonly OriginRanges[]): readonly FrontierMessage[] {
  const out: Effect[] = [];
  const pull = { type: "pull", session: 1, beacon, last: true, origins: [] } as const;
  const view = { parcels: () => [] } as Pick<StoreView, "parcels"> as StoreView;
  const holdings: ServedHoldings = { origins: () => held, beacon: () => beacon };
  new Serve().step({ type: "pullReceived", link: 1, peer: "bob" as PeerId, pull }, holdings, view, now, out);
  return out.flatMap((effect) => {
    if (effect.type !== "network" || effect.order.type !== "send") return [];
    const decoded = decodeFrontier(effect.order.frame);
    return decoded.ok ? [decoded.value] : [];
  });
}

test("a pull that brings anything is told first of how many batches", () => {
  const ranges = [
    [1, 6],
    [9, 9],
  ] as const;
  expect(answered([origin(1, ranges)])[0]).toEqual({ type: "serving", session: 1, batches: 7 });
  expect(answered([])).toMatchObject([{ type: "done" }]);
});

describe("a pull is answered", () => {
  test("with what the asker lacks, then done", () => {
    const server = new Server([origin(1, [[1, 6]])], [[1, 6]]);
    expect(
      server.pull([
        origin(1, [
          [1, 2],
          [5, 5],
        ]),
      ]),
    ).toEqual(["parcels 3 4 6", "done complete"]);
    expect(server.serve.active).toBe(0);
  });

  test("and tells what each side lacks, once the asker has named everything", () => {
    const server = new Server([origin(1, [[1, 6]])], [[1, 6]]);
    server.pull([origin(1, [[5, 9]])], { last: false });
    expect(server.gaps).toBeUndefined();
    server.pull([origin(2, [[1, 1]])]);
    expect(server.gaps).toEqual({
      theyLack: { batches: 4, origins: [origin(1, [[1, 4]])] },
      weLack: { batches: 4, origins: [origin(1, [[7, 9]]), origin(2, [[1, 1]])] },
    });
    server.pull([], { session: 2 });
    expect(server.gaps).toBeUndefined(); // it holds something, so this is a request for everything
  });

  test("in frames of no more operations than a message may have, however small they are", () => {
    const server = new Server([origin(1, [[1, 10]])], [[1, 10]], ...new Array<number>(batchOpsMax).fill(0));
    expect(server.pull()).toEqual(["parcels 1 2 3 4", "parcels 5 6 7 8", "parcels 9 10", "done complete"]);
  });

  test("with done alone when nothing is lacking", () => {
    expect(new Server([origin(1, [[1, 6]])], [[1, 6]]).pull([origin(1, [[1, 9]])])).toEqual(["done complete"]);
  });

  test("without what we never held, whatever the asker has", () => {
    expect(new Server([origin(1, [[2, 2]])], [[2, 2]]).pull([origin(7, [[1, 9]])])).toEqual([
      "parcels 2",
      "done complete",
    ]);
  });

  test("with what is superseded, clipped to what the asker lacks", () => {
    const server = new Server(
      [origin(1, [[1, 9]])],
      [
        [4, 4],
        [7, 7],
      ],
    );
    expect(
      server.pull([
        origin(1, [
          [1, 1],
          [9, 9],
        ]),
      ]),
    ).toEqual(["parcels 4 7", "superseded 2-3 5-6 8-8", "done complete"]);
  });

  test("with each frame of parcels first and then what is superseded up to its last number", () => {
    const stored = Array.from({ length: 20 }, (_, i) => [2 * i + 2, 2 * i + 2] as const);
    const lines = new Server([origin(1, [[1, 40]])], stored, 60_000).pull();
    expect(lines.slice(0, 4)).toEqual([
      "parcels 2 4 6",
      "superseded 1-1 3-3 5-5",
      "parcels 8 10 12",
      "superseded 7-7 9-9 11-11",
    ]);
  });

  test("with frames that the other side accepts, also where the largest batch is the last of a frame", () => {
    const largest = parcelOf(author(2), incarnation, 1, new Array<number>(14).fill(65_536));
    const view = {
      parcels: ({ author: writer, from, to, skip }: ParcelStretch) =>
        (writer === author(2)
          ? [{ sequence: 1, bytes: largest }]
          : [1, 2].map((sequence) => ({ sequence, bytes: parcelOf(author(1), incarnation, sequence, [65_000]) }))
        )
          .filter(({ sequence }) => sequence >= from && sequence <= to)
          .slice(skip),
    } as unknown as StoreView;
    const held = [origin(1, [[1, 2]]), origin(2, [[1, 1]])];
    const out: Effect[] = [];
    const pull = { type: "pull", session: 1, beacon, last: true, origins: [] } as const;
    new Serve().step(
      { type: "pullReceived", link: 1, peer: "bob" as PeerId, pull },
      { origins: () => held, beacon: () => beacon },
      view,
      now,
      out,
    );
    expect(out.flatMap(lineOf)).toEqual(["parcels 1 2 1", "done complete"]);
  });

  test("also when nothing of it lives any more", () => {
    expect(new Server([origin(1, [[1, 9]])], []).pull()).toEqual(["superseded 1-9", "done complete"]);
  });

  test("only when its last message came", () => {
    const server = new Server([origin(1, [[1, 2]]), origin(2, [[1, 2]])], [[1, 2]]);
    expect(server.pull([origin(1, [[1, 2]])], { last: false })).toEqual([]);
    expect(server.more()).toEqual([]);
    expect(server.pull([origin(2, [[1, 1]])])).toEqual(["parcels 2", "done complete"]);
  });

  test("with many holes in parts of at most 65 ranges", () => {
    const stored = Array.from({ length: 100 }, (_, i) => [2 * i + 2, 2 * i + 2] as const);
    const lines = new Server([origin(1, [[1, 201]])], stored, 1).pull().filter((line) => line.startsWith("superseded"));
    expect(lines.map((line) => line.split(" ").length - 1)).toEqual([frontierRangesMax, 101 - frontierRangesMax]);
  });

  test("with the superseded numbers of many writers in frames that stay small", () => {
    const held = Array.from({ length: supersededOriginsMax + 1 }, (_, i) => origin(i, [[1, 1]]));
    const sizes = answered(held).map((message) =>
      message.type === "superseded" ? message.origins.length : message.type,
    );
    expect(sizes).toEqual(["serving", supersededOriginsMax, 1, "done"]);
  });
});

describe("the window", () => {
  const large = 60_000; // three of these fill a frame
  const perFrame = Math.ceil(parcelFrameBytes / (large + 198));

  test("lets four frames go, then one for each `more`, then done", () => {
    const count = perFrame * (pullWindowFrames + 2);
    const server = new Server([origin(1, [[1, count]])], [[1, count]], large);
    const first = server.pull();
    expect(first).toHaveLength(pullWindowFrames);
    expect(first[0]!.split(" ")).toHaveLength(perFrame + 1);
    expect(server.serve.active).toBe(1);
    expect(server.more()).toEqual([expect.stringMatching(/^parcels/)]);
    expect(server.more()).toEqual([expect.stringMatching(/^parcels/)]);
    expect(server.more()).toEqual(["done complete"]);
    expect([server.more(), server.serve.active]).toEqual([[], 0]);
  });

  test("has larger frames where a round trip is long, and the usual ones again on the next link", () => {
    const server = new Server([origin(1, [[1, 100]])], [[1, 100]], large);
    server.serve.measured(1, 100);
    const far = Math.ceil(parcelFrameBytesMax / (large + 198));
    expect(server.pull()[0]!.split(" ")).toHaveLength(far + 1);
    server.serve.linkLost(1);
    expect(server.pull()[0]!.split(" ")).toHaveLength(perFrame + 1);
  });

  test("has no frame over the limit: what does not fit any more begins the next one", () => {
    const parcels = [3, 14].map((values, at) =>
      parcelOf(author(1), incarnation, at + 1, new Array<number>(values).fill(65_536)),
    );
    const view = {
      parcels: ({ from, skip }: ParcelStretch) =>
        parcels.map((bytes, at) => ({ sequence: at + 1, bytes })).filter(({ sequence }) => sequence >= from + skip),
    } as unknown as StoreView;
    const out: Effect[] = [];
    const serve = new Serve();
    serve.measured(1, 100);
    const pull = { type: "pull", session: 1, beacon, last: true, origins: [] } as const;
    const held = [origin(1, [[1, 2]])];
    const holdings = { origins: () => held, beacon: () => beacon };
    serve.step({ type: "pullReceived", link: 1, peer: "bob" as PeerId, pull }, holdings, view, now, out);
    expect(out.flatMap(lineOf)).toEqual(["parcels 1", "parcels 2", "done complete"]);
  });

  test("a `more` of an unknown session or link is ignored", () => {
    const server = new Server([origin(1, [[1, 100]])], [[1, 100]], large);
    server.pull();
    expect([server.more(2), server.more(1, 2)]).toEqual([[], []]);
  });
});

test("three large batches under one number go in frames of their own, and the number is not called superseded", () => {
  const sizes = [14, 13, 12].map((values) =>
    parcelOf(author(1), incarnation, 5, new Array<number>(values).fill(65_536)),
  );
  const view = {
    parcels: ({ from, skip }: ParcelStretch) =>
      from > 5 ? [] : sizes.slice(skip, skip + 1).map((bytes) => ({ sequence: 5, bytes })),
  } as unknown as StoreView;
  const out: Effect[] = [];
  const pull = { type: "pull", session: 1, beacon, last: true, origins: [] } as const;
  const held = [origin(1, [[5, 5]])];
  new Serve().step(
    { type: "pullReceived", link: 1, peer: "bob" as PeerId, pull },
    { origins: () => held, beacon: () => beacon },
    view,
    now,
    out,
  );
  expect(out.flatMap(lineOf)).toEqual(["parcels 5", "parcels 5", "parcels 5", "done complete"]);
});

describe("limits", () => {
  const busy = (): Server => new Server([origin(1, [[1, 100]])], [[1, 100]], 60_000);

  test("a link has two sessions; a third takes the place of the oldest, which the asker has given up", () => {
    const server = busy();
    for (let session = 1; session <= servesPerLinkMax; session++) server.pull([], { session });
    server.pull([], { session: 1, link: 2 });
    expect(server.pull([], { session: 9 })).toHaveLength(pullWindowFrames);
    expect(server.serve.active).toBe(servesPerLinkMax + 1);
    expect([server.more(1), server.more(2), server.more(9), server.more(1, 2)].map(({ length }) => length)).toEqual([
      0, 1, 1, 1,
    ]);
    server.serve.linkLost(1);
    expect(server.serve.active).toBe(1);
  });

  test("100 sessions are served in all, another is told busy; a link at its own limit still may ask, room comes back", () => {
    const server = busy();
    for (let i = 0; i < servesMax; i++)
      expect(server.pull([], { link: 1 + (i >> 1), session: 1 + (i & 1) })).not.toContain("done busy");
    expect(server.pull([], { link: 999 })).toEqual(["done busy"]);
    expect(server.pull([], { link: 1, session: 3 })).not.toContain("done busy");
    expect(server.serve.active).toBe(servesMax);
    server.serve.linkLost(1);
    expect(server.pull([], { link: 999 })).not.toContain("done busy");
  });

  test("a pull that names over 200,000 ranges is told busy and forgotten; another one is served", () => {
    const server = busy();
    const ranges = Array.from({ length: frontierRangesMax }, (_, i) => [2 * i + 1, 2 * i + 1] as const);
    const many = Array.from({ length: Math.ceil((servedRangesMax + 1) / frontierRangesMax) }, (_, i) =>
      origin(i, ranges),
    );
    expect(server.pull(many.slice(60), { last: false })).toEqual([]);
    expect(server.pull(many.slice(0, 60), { last: false })).toEqual(["done busy"]);
    expect([server.serve.active, server.pull([], { session: 2 }).length]).toEqual([0, pullWindowFrames]);
  });

  test("pulls still being asked for share a bound; one that ends makes room", () => {
    const server = busy();
    const ranges = Array.from({ length: frontierRangesMax }, (_, i) => [2 * i + 1, 2 * i + 1] as const);
    const half = Array.from({ length: Math.floor((askingRangesMax * 0.4) / (frontierRangesMax + 1)) }, (_, i) =>
      origin(i, ranges),
    );
    for (const link of [1, 2]) expect(server.pull(half, { link, last: false })).toEqual([]);
    expect(server.pull(half, { link: 3, last: false })).toEqual(["done busy"]);
    server.serve.linkLost(1);
    expect(server.pull(half, { link: 4, last: false })).toEqual([]);
  });

  test("a second pull on a link within half a second is told busy", () => {
    const server = busy();
    server.pull();
    server.mono -= servedEveryMsMin;
    expect(server.pull([], { session: 2 })).toEqual(["done busy"]);
    server.mono += servedEveryMsMin;
    expect(server.pull([], { session: 3 })).toHaveLength(pullWindowFrames);
  });

  test("a pull whose asker fell silent for 30 s makes room for others", () => {
    const server = busy();
    for (let i = 0; i < servesMax; i++) server.pull([], { link: 1 + i });
    expect(server.pull([], { link: 999 })).toEqual(["done busy"]);
    server.mono += serveSilentMs;
    expect(server.pull([], { link: 999, session: 2 })).toHaveLength(pullWindowFrames);
  });

  test("a pull that goes on after its last message is told busy and forgotten", () => {
    const server = busy();
    server.pull();
    expect(server.pull()).toEqual(["done busy"]);
    expect(server.serve.active).toBe(0);
  });
});
