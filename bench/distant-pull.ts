/**
 * How fast a newcomer gets everything over a long line: two nodes as processes of their own, a relay
 * between them that holds everything up (`narrow-link.ts`). The clock runs from the newcomer's start
 * until it counts all entries as durable.
 *
 * `node bench/distant-pull.ts [--entries N] [--delay MS] [--runs N]`; the delay is each way.
 */
import { parseArgs } from "node:util";
import { nowMs } from "./clock.ts";
import { Fleet } from "./fleet.ts";
import { narrowLink } from "./narrow-link.ts";
import { median } from "./statistics.ts";

const options = { entries: { type: "string" }, delay: { type: "string" }, runs: { type: "string" } } as const;
const { entries = "100000", delay = "50", runs = "3" } = parseArgs({ options }).values;
const count = Number(entries);

async function once(): Promise<number> {
  await using fleet = new Fleet(undefined);
  const writer = await fleet.node();
  await writer.ask("prepare", { set: "distant", count });
  await writer.ask("write", { batch: 1_000, inFlight: 4 });
  const port = Number(/\/tcp\/(\d+)/.exec(writer.address)?.[1]);
  await using relay = await narrowLink(port, { bytesPerSecond: Infinity, delayMs: Number(delay) });
  const begunAt = nowMs();
  const newcomer = await fleet.node([writer.address.replace(/\/tcp\/\d+/, `/tcp/${relay.port}`)]);
  await newcomer.ask("awaitPeers", { peers: 1 });
  const linkedAt = nowMs();
  const { at } = await newcomer.ask("awaitEntries", { count });
  process.stdout.write(
    `${Math.round(linkedAt - begunAt)} ms until linked, ${Math.round(at - linkedAt)} ms for the rest\n`,
  );
  await Promise.all([writer, newcomer].map((node) => node.stop()));
  return at - linkedAt;
}

const took: number[] = [];
for (let run = 0; run < Number(runs); run++) took.push(await once());
process.stdout.write(
  `median ${Math.round(median(took))} ms, ${Math.round((count / median(took)) * 1_000)} entries/s\n`,
);
