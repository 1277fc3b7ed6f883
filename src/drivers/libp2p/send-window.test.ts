import { describe, expect, test } from "vitest";
import { bulkOnTheWayBytes, bulkPieceBytesMin, bulkQueueMs } from "./limits.ts";
import { SendWindow, StreamPieces } from "./send-window.ts";

interface Line {
  readonly bytesPerMs: number;
  readonly roundTripMs: number;
  /** How much later the other side answers the n-th piece. */
  readonly busyMs?: (piece: number) => number;
  /** The other side gives credit back for as much at once, and not before. */
  readonly stepBytes?: number;
  /** Bytes of each frame; large ones where it is left out. */
  readonly frameBytes?: number;
}

/** A line on which there is always more to send; what was carried and how long pieces took in its last second. */
function run(line: Line, ms: number, window: SendWindow = new SendWindow()): { busy: number; delayMs: number } {
  const pieces = new StreamPieces(window);
  const answers: { readonly at: number; readonly sentAt: number; readonly bytes: number }[] = [];
  let freeAt = 0;
  let handed = 0;
  let arrived = 0;
  let unread = 0;
  let carried = 0;
  let delayMs = 0;
  let count = 0;
  for (let now = 1; now <= ms; now++) {
    if (line.stepBytes !== undefined && now % 500 === 0) window.measured(line.roundTripMs, now); // a ping
    for (let first = answers[0]; first !== undefined && first.at <= now; first = answers[0]) {
      answers.shift();
      unread += first.bytes;
      if (unread >= (line.stepBytes ?? 0)) {
        arrived += unread;
        unread = 0;
        pieces.left(handed - arrived, now);
      }
      if (now <= ms - 1_000) continue;
      carried += first.bytes;
      delayMs = Math.max(delayMs, first.at - first.sentAt);
    }
    const { frameBytes = 1e6 } = line;
    for (let bytes = window.pieceOf(frameBytes); bytes > 0; bytes = window.pieceOf(frameBytes)) {
      handed += bytes;
      pieces.handed(bytes, now);
      freeAt = Math.max(freeAt, now) + bytes / line.bytesPerMs;
      const at = Math.max(answers.at(-1)?.at ?? 0, freeAt + line.roundTripMs + (line.busyMs?.(++count) ?? 0));
      answers.push({ at, sentAt: now, bytes });
    }
  }
  return { busy: carried / 1_000 / line.bytesPerMs, delayMs };
}

describe("what is on the way", () => {
  test.each<[string, Line]>([
    ["2 MB/s on the spot", { bytesPerMs: 2_000, roundTripMs: 1 }],
    ["2 MB/s at 100 ms", { bytesPerMs: 2_000, roundTripMs: 100 }],
    ["20 MB/s at 100 ms", { bytesPerMs: 20_000, roundTripMs: 100 }],
    ["500 KB/s at 20 ms", { bytesPerMs: 500, roundTripMs: 20 }],
  ])("fills a line of %s and makes others wait for little", (_, line) => {
    const { busy, delayMs } = run(line, 8_000);
    expect(busy).toBeGreaterThan(0.85);
    expect(delayMs).toBeLessThan(line.roundTripMs + 3 * bulkQueueMs);
  });

  test("grows to its bound where nothing ever waits", () => {
    const window = new SendWindow();
    run({ bytesPerMs: 1e6, roundTripMs: 1 }, 1_000, window);
    expect(window.bytes).toBe(bulkOnTheWayBytes.max);
  });

  test("never falls below its bound, however slow the line is", () => {
    const window = new SendWindow();
    run({ bytesPerMs: 100, roundTripMs: 1 }, 20_000, window);
    expect(window.bytes).toBe(bulkOnTheWayBytes.min);
  });

  test("stays as it is for a peer that is late with some answers, on a line that is not slow", () => {
    const window = new SendWindow();
    run({ bytesPerMs: 1e5, roundTripMs: 1, busyMs: (piece) => (piece % 7 === 0 ? 20 : 0) }, 5_000, window);
    expect(window.bytes).toBeGreaterThan(bulkOnTheWayBytes.first);
  });

  test("stays as it is for a peer that is late now and then also where what is sent is many small frames", () => {
    const window = new SendWindow();
    const busyMs = (piece: number): number => (piece % 2_000 < 200 ? 60 : 0);
    run({ bytesPerMs: 1e5, roundTripMs: 1, frameBytes: 300, busyMs }, 3_000, window);
    expect(window.bytes).toBeGreaterThanOrEqual(bulkOnTheWayBytes.first);
  });

  test.each([64, 128])("is kept busy where the other side gives credit back by %i KiB at a time", (kibibytes) => {
    const line = { roundTripMs: 1, stepBytes: kibibytes * 1024 };
    for (const bytesPerMs of [20_000, 1_000, 100])
      expect(run({ ...line, bytesPerMs }, 30_000).busy).toBeGreaterThan(0.85);
  });

  test("is forgotten with its stream", () => {
    const window = new SendWindow();
    const pieces = new StreamPieces(window);
    pieces.handed(100_000, 0);
    pieces.end();
    expect([window.onTheWay, window.pieceOf(1e6)]).toEqual([0, bulkPieceBytesMin]);
  });
});
