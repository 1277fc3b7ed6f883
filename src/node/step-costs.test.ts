import { expect, test } from "vitest";
import type { PeerId } from "../base/brand.ts";
import type { ReplicaInput } from "../core/replica/inputs.ts";
import { StepCosts } from "./step-costs.ts";

const [bob, carol] = ["bob", "carol"] as [PeerId, PeerId];
const opened = (link: number, peer: PeerId): ReplicaInput => ({
  ...{ type: "linkOpened", link, peer, direction: "inbound", address: "x", attempt: undefined },
});
const frame = (link: number): ReplicaInput => ({
  type: "frameReceived",
  link,
  protocol: "ack",
  frame: new Uint8Array(1),
});

/** Costs whose steps take as long as the test says. */
function metered(): { readonly costs: StepCosts; step(input: ReplicaInput, ms: number, ticket?: number): void } {
  let mono = 0;
  const costs = new StepCosts(() => mono);
  return {
    costs,
    step: (input, ms, ticket) => {
      costs.stepping(input);
      if (ticket !== undefined) costs.asked(ticket);
      mono += ms;
    },
  };
}

test("a step costs the peer whose input it was; what a user asks and what is due costs nobody", () => {
  const { costs, step } = metered();
  step(opened(1, bob), 1);
  step(opened(2, carol), 2);
  step(frame(1), 10);
  step({ type: "timePassed" }, 500);
  step(frame(2), 20);
  step({ type: "gossipReceived", message: 1, from: bob, payload: new Uint8Array(1) }, 100);
  costs.stepping(undefined);
  expect(costs.take()).toEqual([
    { peer: bob, ms: 111 },
    { peer: carol, ms: 22 },
  ]);
  expect(costs.take()).toEqual([]);
});

test("merging what was verified costs whom it came from, once, also where its link is gone meanwhile", () => {
  const { costs, step } = metered();
  step(opened(1, bob), 0);
  step(frame(1), 1, 7);
  step({ type: "linkClosed", link: 1, reason: "x" }, 0);
  step({ type: "verified", ticket: 7, valid: [true] }, 30);
  step({ type: "verified", ticket: 7, valid: [true] }, 999);
  step(frame(1), 999); // of a link that is gone: nobody's
  costs.stepping(undefined);
  expect(costs.take()).toEqual([{ peer: bob, ms: 31 }]);
});
