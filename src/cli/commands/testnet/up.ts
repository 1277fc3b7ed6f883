/**
 * `testnet up`: makes a testnet or starts the one in the folder again, and waits until it is one network.
 */
import { randomBytes } from "node:crypto";
import type { Command } from "commander";
import { Fault } from "../../../base/fault.ts";
import { testnetNamePrefix } from "../../../config/contradictions.ts";
import { parseSetting } from "../../testnet/config-files.ts";
import { readRecord } from "../../testnet/files.ts";
import { Testnet } from "../../testnet/testnet.ts";
import { nodesMax, parseCount } from "../../testnet/words.ts";
import { jsonLine, type Registry } from "../../verb.ts";
import { createProgressLine } from "./progress-line.ts";
import { showTable } from "./status.ts";
import { asTestnetVerb, type TestnetContext } from "./verb.ts";

interface UpOptions {
  readonly nodes?: string;
  readonly basePort: string;
  readonly httpBase: string;
  readonly seed: string;
  readonly set?: readonly string[];
  readonly netns?: boolean;
  readonly watch: boolean;
}

const repeat = (word: string, earlier: readonly string[] | undefined): readonly string[] => [...(earlier ?? []), word];

export function addTestnetUp(group: Command, registry: Registry): void {
  const command = group
    .command("up")
    .description("Write the nodes' files, start them, wait until all are linked, and show them")
    .option("--nodes <N>", `how many nodes, 1 to ${nodesMax}; default 3`)
    .option("--base-port <PORT>", "port of node 1 for other nodes, counting up; 0 picks free ones", "8001")
    .option("--http-base <PORT>", "HTTP port of node 1, counting up; 0 picks free ones", "9001")
    .option("--set <KEY=VALUE>", "a setting for all nodes, such as sync.interval_seconds=2; may be repeated", repeat)
    .option("--netns", "each node in a network namespace of its own, on a bridge (needs root, ip and nft)")
    .option("--seed <N>", "which messages a lossy link loses is a function of it", "1")
    .option("--no-watch", "in a terminal, do not go on showing the table")
    .addHelpText(
      "after",
      `
In a folder that has a testnet already, its nodes are started again with their data.

Examples:
  p2p-sync testnet up --nodes 3
  p2p-sync testnet up --nodes 20 --dir /tmp/twenty --base-port 0 --http-base 0`,
    );
  asTestnetVerb<UpOptions>(command, registry, async (context) => {
    const began = performance.now();
    const testnet = await prepare(context);
    await testnet.start();
    const line = createProgressLine(context.shell);
    await testnet.untilLinked(line.show);
    line.end();
    if (context.json) {
      const view = { ok: true, dir: context.dir, network: testnet.record.network };
      context.print(
        jsonLine({ ...view, elapsedMs: Math.round(performance.now() - began), nodes: await testnet.views() }),
      );
      return;
    }
    await showTable(context, testnet, context.options.watch);
  });
}

async function prepare({ dir, options, shell }: TestnetContext<UpOptions>): Promise<Testnet> {
  const known = readRecord(dir);
  const nodes = options.nodes === undefined ? undefined : parseCount(options.nodes, "--nodes", 1, nodesMax);
  const netns = options.netns === true;
  if (known === undefined) {
    const create = {
      nodes: nodes ?? 3,
      basePort: parseCount(options.basePort, "--base-port", netns ? 1 : 0, 65_535),
      httpBase: parseCount(options.httpBase, "--http-base", netns ? 1 : 0, 65_535),
      netns,
      network: `${testnetNamePrefix}-${randomBytes(4).toString("hex")}`,
      settings: Object.fromEntries((options.set ?? []).map(parseSetting)),
      seed: parseCount(options.seed, "--seed", 0, 999_999_999),
    };
    return await Testnet.create(dir, create, shell.environment);
  }
  if (nodes !== undefined && nodes !== known.nodes.length)
    throw new Fault(
      "invalid_argument",
      `${dir} has a testnet of ${known.nodes.length} nodes. Add to it with p2p-sync testnet add, remove it with down --wipe, or choose another --dir.`,
    );
  if (netns && known.netns === null)
    throw new Fault("invalid_argument", `The testnet in ${dir} was made without --netns and stays so.`);
  return Testnet.open(dir, shell.environment);
}
