/**
 * What is broken on purpose: `partition`, `heal`, `slow`, `lossy`, `clock`, `diskfull`.
 */
import type { Command } from "commander";
import {
  type Ends,
  parseDuration,
  parseEnds,
  parseGroups,
  parseNode,
  parseOffset,
  parsePercent,
} from "../../testnet/words.ts";
import { withClock, withDiskFull, withLossy, withSlow } from "../../testnet/wishes.ts";
import type { Testnet } from "../../testnet/testnet.ts";
import type { Registry } from "../../verb.ts";
import { asTestnetVerb, report } from "./verb.ts";

export function addTestnetFaults(group: Command, registry: Registry): void {
  addPartition(group, registry);
  addHeal(group, registry);
  addSlow(group, registry);
  addLossy(group, registry);
  addClock(group, registry);
  addDiskFull(group, registry);
}

function addPartition(group: Command, registry: Registry): void {
  const command = group
    .command("partition <GROUPS>")
    .description("Cut all links between groups of nodes; nodes that are not named are one more group")
    .addHelpText("after", "\nExamples:\n  p2p-sync testnet partition '1,2|3'\n  p2p-sync testnet partition 3");
  asTestnetVerb(command, registry, async (context, text = "") => {
    const groups = parseGroups(text);
    await context.open().partition(groups);
    report(context, `partitioned: ${text}`, { groups });
  });
}

function addHeal(group: Command, registry: Registry): void {
  const command = group
    .command("heal")
    .description("End the partition, and let the nodes dial those they had lost at once")
    .option("--all", "end everything else that is broken on purpose, too");
  asTestnetVerb<{ all?: boolean }>(command, registry, async (context) => {
    await context.open().heal(context.options.all === true);
    report(context, "healed", {});
  });
}

function addSlow(group: Command, registry: Registry): void {
  const command = group
    .command("slow <ENDS> <DELAY>")
    .description("Delay what goes over a link, each way; 0s ends it. ENDS is one node, or two as in 1-3")
    .addHelpText("after", "\nExamples:\n  p2p-sync testnet slow 2 200ms\n  p2p-sync testnet slow 1-3 1s");
  asTestnetVerb(command, registry, async (context, ends = "", delay = "") => {
    const [link, delayMs] = [parseEnds(ends), parseDuration(delay)];
    await nodesOf(context.open(), link).wish((wishes) => withSlow(wishes, link, delayMs));
    report(context, `slow ${ends}: ${delayMs} ms each way`, { ends: link, delayMs });
  });
}

function addLossy(group: Command, registry: Registry): void {
  const command = group
    .command("lossy <ENDS> <PERCENT>")
    .description("Lose a share of what goes over a link; 0 ends it. ENDS is one node, or two as in 1-3")
    .addHelpText(
      "after",
      `
Gossip messages are lost for good. Streams run over TCP, where a loss costs time: each adds a retransmission
timeout of 200 ms, doubling. Which are lost is a function of the testnet's seed.

Example:
  p2p-sync testnet lossy 1-3 30`,
    );
  asTestnetVerb(command, registry, async (context, ends = "", share = "") => {
    const [link, percent] = [parseEnds(ends), parsePercent(share)];
    await nodesOf(context.open(), link).wish((wishes) => withLossy(wishes, link, percent));
    report(context, `lossy ${ends}: ${percent} %`, { ends: link, percent });
  });
}

function addClock(group: Command, registry: Registry): void {
  const command = group
    .command("clock <N> <OFFSET>")
    .allowUnknownOption() // -20s is an offset here
    .description("Set a node's clock off by so much, such as +20s or -3m; 0 ends it")
    .addHelpText("after", "\nExample:\n  p2p-sync testnet clock 2 +20s");
  asTestnetVerb(command, registry, async (context, text = "", offset = "") => {
    const [node, offsetMs] = [parseNode(text), parseOffset(offset)];
    await nodesOf(context.open(), { a: node, b: undefined }).wish((wishes) => withClock(wishes, node, offsetMs));
    report(context, `clock of node ${node}: ${offset}`, { node, offsetMs });
  });
}

function addDiskFull(group: Command, registry: Registry): void {
  const command = group
    .command("diskfull <N>")
    .description("Let every further write of a node meet a full disk: it says so and stops, as it would on a real one")
    .option("--off", "there is room again; the node has to be restarted")
    .addHelpText("after", "\nExample:\n  p2p-sync testnet diskfull 2 && p2p-sync testnet diskfull 2 --off");
  asTestnetVerb<{ off?: boolean }>(command, registry, async (context, text = "") => {
    const [node, isFull] = [parseNode(text), context.options.off !== true];
    await nodesOf(context.open(), { a: node, b: undefined }).wish((wishes) => withDiskFull(wishes, node, isFull));
    report(context, `disk of node ${node}: ${isFull ? "full from now on" : "has room"}`, { node, isFull });
  });
}

/** The testnet, where it has these nodes. */
function nodesOf(testnet: Testnet, { a, b }: Ends): Testnet {
  testnet.node(a);
  if (b !== undefined) testnet.node(b);
  return testnet;
}
