import { expect, test } from "vitest";
import { bulkOnTheWayBytes, bulkPieceBytesMin, gossipBytesPerBulkByte } from "./limits.ts";
import { Bandwidth } from "./rates/bandwidth.ts";
import { type OrderedWriter, SendOrder } from "./send-order.ts";
import type { SendWindow } from "./send-window.ts";

/** A line that carries nothing by itself: what was handed to it, in order, and what it is told to have carried. */
class Line {
  readonly order: SendOrder = new SendOrder(new Bandwidth(undefined, 0));
  readonly handed: { readonly by: string; readonly bytes: number }[] = [];

  writer(by: string, volume: OrderedWriter["volume"]): Writer {
    const writer = new Writer(this, by, volume);
    this.order.add(writer);
    return writer;
  }

  bytesOf(by: string): number {
    return this.handed.reduce((sum, piece) => sum + (piece.by === by ? piece.bytes : 0), 0);
  }

  async pump(): Promise<void> {
    this.order.pumpSoon();
    await Promise.resolve();
  }

  /** The other side has taken what was handed on first, and more may go. */
  async carry(pieces: number): Promise<void> {
    for (let n = 0; n < pieces; n++) {
      const oldest = this.#onTheWay.shift();
      if (oldest !== undefined) this.order.window.arrived(oldest);
      await this.pump();
    }
  }

  readonly #onTheWay: number[] = [];

  gone(by: string, bytes: number): void {
    this.handed.push({ by, bytes });
    this.#onTheWay.push(bytes);
  }
}

class Writer implements OrderedWriter {
  readonly volume: OrderedWriter["volume"];
  /** Bytes of volume that wait, and whole urgent frames. */
  waiting = 0;
  urgent = 0;
  readonly #line: Line;
  readonly #by: string;

  constructor(line: Line, by: string, volume: OrderedWriter["volume"]) {
    this.#line = line;
    this.#by = by;
    this.volume = volume;
  }

  get holdsVolume(): boolean {
    return this.waiting > 0;
  }

  hand(priority: string): boolean {
    if (priority !== "urgent" || this.urgent === 0) return false;
    this.urgent -= 1;
    this.#line.handed.push({ by: `${this.#by} urgent`, bytes: 1 });
    return true;
  }

  handPiece(window: SendWindow | undefined): number {
    const bytes = window?.pieceOf(this.waiting) ?? Math.min(this.waiting, bulkPieceBytesMin);
    if (this.waiting === 0 || bytes === 0) return 0;
    window?.handed(bytes);
    this.waiting -= bytes;
    this.#line.gone(this.#by, bytes);
    return bytes;
  }

  settle(): void {
    return;
  }
}

const much = 64 * 1024 * 1024;

test("of gossip no more is on its way than the link's window, so what is urgent never finds more before it", async () => {
  const line = new Line();
  const gossip = line.writer("gossip", "gossip");
  gossip.waiting = much;
  await line.pump();
  expect(line.bytesOf("gossip")).toBe(bulkOnTheWayBytes.first);
  const ack = line.writer("ack", "bulk");
  ack.urgent = 1;
  await line.pump();
  expect(line.handed.at(-1)).toEqual({ by: "ack urgent", bytes: 1 });
  expect(line.bytesOf("gossip")).toBe(bulkOnTheWayBytes.first);
});

test("what is published goes before all bulk that has not left", async () => {
  const line = new Line();
  const bulk = line.writer("bulk", "bulk");
  bulk.waiting = much;
  await line.pump();
  const gossip = line.writer("gossip", "gossip");
  gossip.waiting = 900;
  const before = line.bytesOf("bulk");
  await line.carry(1);
  expect(line.handed[line.handed.findIndex(({ by }) => by === "gossip")]?.bytes).toBe(900);
  expect(
    line.handed.slice(
      0,
      line.handed.findIndex(({ by }) => by === "gossip"),
    ),
  ).toSatisfy((pieces: typeof line.handed) => pieces.reduce((sum, { bytes }) => sum + bytes, 0) === before);
});

test("a storm of gossip leaves bulk its share, and takes no more than that", async () => {
  const line = new Line();
  const [gossip, bulk] = [line.writer("gossip", "gossip"), line.writer("bulk", "bulk")];
  gossip.waiting = much;
  bulk.waiting = much;
  await line.pump();
  await line.carry(1_000);
  const share = line.bytesOf("gossip") / line.bytesOf("bulk");
  expect(Math.abs(share - gossipBytesPerBulkByte)).toBeLessThan(0.1);
});

test("bulk of two protocols takes turns also while only one piece has room", async () => {
  const line = new Line();
  const [pull, walk] = [line.writer("pull", "bulk"), line.writer("walk", "bulk")];
  pull.waiting = much;
  walk.waiting = much;
  await line.pump();
  await line.carry(100);
  expect(line.bytesOf("walk") / line.bytesOf("pull")).toBeCloseTo(1, 1);
});

test("a writer that has ended is in the order no more", async () => {
  const line = new Line();
  const writer = line.writer("gossip", "gossip");
  line.order.remove(writer);
  writer.waiting = much;
  await line.pump();
  expect(line.handed).toEqual([]);
});
