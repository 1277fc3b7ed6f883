/**
 * `testnet logs`: what the nodes say.
 */
import type { Command } from "commander";
import { logFileOf } from "../../testnet/files.ts";
import { followLogs, lastLines } from "../../testnet/logs.ts";
import { parseCount, parseNode } from "../../testnet/words.ts";
import { jsonLine, type Registry } from "../../verb.ts";
import { asTestnetVerb } from "./verb.ts";

interface LogOptions {
  readonly follow?: boolean;
  readonly lines: string;
}

export function addTestnetLogs(group: Command, registry: Registry): void {
  const command = group
    .command("logs [N]")
    .description("The last lines of one node's log, or of all")
    .option("-f, --follow", "go on with what is added, until Ctrl-C")
    .option("--lines <COUNT>", "how many of each", "20");
  asTestnetVerb<LogOptions>(command, registry, async (context, text) => {
    const { dir, json, options, print } = context;
    const testnet = context.open();
    const numbers =
      text === undefined ? testnet.record.nodes.map(({ number }) => number) : [testnet.node(parseNode(text)).number];
    const nodeOf = new Map(numbers.map((number) => [logFileOf(dir, number), number]));
    const show = (file: string, line: string): void => {
      const node = nodeOf.get(file) ?? 0;
      print(json ? jsonLine({ node, line }) : numbers.length === 1 ? `${line}\n` : `node${node} ${line}\n`);
    };
    const count = parseCount(options.lines, "--lines", 0, 1_000);
    if (count > 0) for (const file of nodeOf.keys()) for (const line of lastLines(file, count)) show(file, line);
    if (options.follow !== true) return;
    const interrupted = new AbortController();
    process.once("SIGINT", () => interrupted.abort());
    await followLogs([...nodeOf.keys()], show, interrupted.signal);
  });
}
