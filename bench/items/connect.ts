/**
 * From the order to dial to the moment when the later of both sides shows the other as Connected:
 * TCP, encryption, identify, admission and gossip subscription. Each dialer is a fresh process, as
 * at a user's first connection, so its code is not warm.
 */
import type { Item } from "../figure.ts";

export const connect: Item = {
  name: "connect",
  async run({ sizes, progress, newFleet }) {
    await using fleet = newFleet();
    progress.begin("dial → Connected");
    const listener = await fleet.node();
    const samples: number[] = [];
    for (let i = 0; i < sizes.dials; i++) {
      const dialer = await fleet.node();
      const { begunAt } = await dialer.ask("dial", { address: listener.address });
      const here = await dialer.ask("connectedAt", { peer: listener.peer });
      const there = await listener.ask("connectedAt", { peer: dialer.peer });
      samples.push(Math.max(here.at, there.at) - begunAt);
      await dialer.stop();
      progress.at(i + 1, sizes.dials, "dials");
    }
    return [{ name: "dial → Connected on both", unit: "ms", better: "lower", samples, target: 116 }];
  },
};
