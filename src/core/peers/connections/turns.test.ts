import { expect, test } from "vitest";
import { assert } from "../../../base/assert.ts";
import type { Instant, PeerId } from "../../../base/brand.ts";
import { Table } from "../../../../test/support/dial-table.ts";
import type { CandidateSource } from "../../../ports/network.ts";
import type { KnownAddress } from "../../../ports/known-address.ts";
import { dialsByOrderMax, dialsMax } from "../limits.ts";

const dialMs = 10_000;
const deadOfEach = 60;

/** A table at which no dial ever gets an answer: each takes the whole time that a dial may take. */
class DeadNet {
  readonly table: Table;
  /** When which address was dialed. */
  readonly dials: { readonly address: string; readonly at: number }[] = [];
  readonly #pending: { readonly attempt: number; readonly failsAt: number }[] = [];

  constructor(known: readonly KnownAddress[] = []) {
    this.table = new Table(known.length > 0 ? 8 : 0, known);
  }

  found(address: string, peer: PeerId, source: CandidateSource): void {
    this.#begun(this.table.found(address, peer, source));
  }

  /** Until that time, or until that address is dialed. */
  runTo(end: number, wanted?: string): void {
    const { table } = this;
    while (wanted === undefined || !this.dials.some(({ address }) => address === wanted)) {
      const [first] = this.#pending;
      const at = Math.min(first?.failsAt ?? Infinity, Math.max(table.mono, table.machine.nextDeadline() ?? Infinity));
      if (at > end) break;
      if (first?.failsAt !== at) this.#begun(table.at(at));
      else {
        table.mono = at;
        this.#pending.shift();
        this.#begun(table.failed(first.attempt));
      }
    }
  }

  #begun(dials: readonly string[]): void {
    for (const dial of dials) {
      const [address = "", attempt] = dial.split("#");
      this.dials.push({ address, at: this.table.mono });
      this.#pending.push({ attempt: Number(attempt), failsAt: this.table.mono + dialMs });
    }
    assert(this.#pending.length <= dialsMax, "no more dials are under way than may be");
  }
}

function known(i: number): KnownAddress {
  const address = `/ip4/${i % 200}.${i % 99}.1.1/tcp/${i + 1}`;
  const entry = { table: "new", toldBy: "", addedAt: 0 as Instant, linkedAt: undefined, anchor: false } as const;
  return { ...entry, address, peer: `known${i}` as PeerId };
}

/** Dead peers of every class, and a book full of dead addresses. */
function allDead(): DeadNet {
  const net = new DeadNet(Array.from({ length: 200 }, (_, i) => known(i)));
  for (let i = 0; i < deadOfEach; i++) {
    net.table.named.set(`validator${i}` as PeerId, "validator");
    net.found(`validator${i}`, `validator${i}` as PeerId, "mdns");
    net.found(`static${i}`, `static${i}` as PeerId, "static");
    const regular = `regular${i}` as PeerId;
    net.table.linked(i, regular);
    net.table.step({ type: "admitted", link: i, peer: regular });
    net.table.ended(i, regular, "shuttingDown");
    net.found(`regular${i}`, regular, "mdns");
  }
  return net;
}

function waitOf(net: DeadNet, from: number): number {
  net.found("fresh", "fresh" as PeerId, "mdns");
  net.runTo(from + 20 * dialMs, "fresh");
  return (net.dials.find(({ address }) => address === "fresh")?.at ?? Infinity) - from;
}

test.each([0, 3, 5_003, 10_000, 61_234, 600_000, 3_600_000])(
  "a newly found peer is dialed within three times what a dial may take, whoever else is dead, found after %i ms",
  (ms) => {
    const net = allDead();
    net.runTo(ms);
    net.table.mono = ms;
    expect(waitOf(net, ms)).toBeLessThanOrEqual(3 * dialMs);
  },
);

test("dead configured peers leave a newly found one a place, also where there are eight times as many as places", () => {
  const net = new DeadNet();
  for (let i = 0; i < 8 * dialsMax; i++) net.found(`static${i}`, `static${i}` as PeerId, "static");
  expect(waitOf(net, 0)).toBeLessThanOrEqual(dialMs);
});

test("most places go by order all the same", () => {
  const net = allDead();
  net.runTo(120_000);
  const late = net.dials.filter(({ at }) => at >= 10_000 && at < 60_000);
  const first = late.filter(({ address }) => address.startsWith("validator"));
  expect(first.length / late.length).toBeCloseTo(dialsByOrderMax / dialsMax, 1);
});

test("the book is asked in its turn while configured peers are dead", () => {
  const net = allDead();
  net.runTo(60_000);
  expect(net.dials.some(({ address }) => address.startsWith("/ip4/"))).toBe(true);
});
