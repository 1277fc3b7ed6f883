import { expect, test } from "vitest";
import { Table, bob } from "../../../../test/support/dial-table.ts";
import { probeAnswerMsMax, probeEveryMs, redialAfterLossMs } from "../limits.ts";

/** Bob's address, after a good link to him was lost. */
function lost(): Table {
  const table = new Table();
  table.found("a", bob);
  table.linked(1, bob, 1);
  table.step({ type: "admitted", link: 1, peer: bob });
  table.mono += 20_000;
  table.ended(1, bob);
  return table;
}

/** Time of each dial, where nobody answers within the time that it is given. */
function dialsUntil(table: Table, end: number): readonly number[] {
  const dials: number[] = [];
  while (table.mono < end) {
    table.mono = table.machine.nextDeadline() ?? Infinity;
    for (const effect of table.effects({ type: "timePassed" })) {
      if (effect.type !== "network" || effect.order.type !== "dial") continue;
      dials.push(table.mono);
      table.mono += effect.order.answerMsMax ?? 10_000;
      table.failed(effect.order.attempt);
    }
  }
  return dials;
}

test("a lost member's address is dialed every 5 s by the clock, however long a dial hears nothing", () => {
  const table = lost();
  const dials = dialsUntil(table, 600_000);
  const gaps = dials.slice(1).map((at, index) => at - (dials[index] as number));
  expect(Math.max(...gaps)).toBeLessThanOrEqual(probeEveryMs * 1.2);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(probeEveryMs * 0.8);
  expect(probeAnswerMsMax).toBeLessThan(probeEveryMs * 0.8);
});

test("of a lost member's addresses the one that led to it is dialed before one that did not answer", () => {
  const table = new Table();
  table.found("/ip4/10.0.0.9/tcp/1", bob);
  table.failed(1);
  table.found("/ip4/10.0.0.9/tcp/2/ws", bob);
  table.linked(1, bob, 2);
  table.step({ type: "admitted", link: 1, peer: bob });
  table.mono += 20_000;
  table.ended(1, bob);
  const dials = table.at(table.mono + 2 * redialAfterLossMs);
  expect(dials).toEqual(["/ip4/10.0.0.9/tcp/2/ws#3"]);
});

test("other dials have all the time there is, and their wait begins when they have failed", () => {
  const table = new Table();
  const [order] = table.effects({ type: "candidateFound", address: "a", peer: bob, source: "static" }).slice(1);
  expect(order).toEqual({ type: "network", order: { type: "dial", address: "a", attempt: 1 } });
  table.mono += 10_000;
  table.failed(1);
  expect(table.waitMs).toBeGreaterThanOrEqual(4_000);
});
