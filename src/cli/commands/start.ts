/**
 * `start`: runs a node in this process.
 */
import type { Command } from "commander";
import { addConfigFlags, configSourcesOf } from "../config-flags.ts";
import type { NodeFactory } from "../start/run-node.ts";
import type { Registry } from "../verb.ts";

export function addStart({ program, shell, outcome }: Registry, createNode: NodeFactory): void {
  const command: Command = addConfigFlags(program.command("start"))
    .description("Run a node; in a terminal with a prompt to read and write keys")
    .option("--no-prompt", "Never show the prompt.")
    .addHelpText(
      "after",
      `
--network takes a name, or a TOML file (one that exists, or ends with .toml) for its [network] section.
When it serves, it prints one line: ready p2p=<multiaddr>[,…] http=<url> peer=<id>
SIGTERM and SIGINT stop it cleanly within 5 s, a second one at once; SIGHUP reads the configuration again.

Examples:
  p2p-sync start
  p2p-sync start --port 4002 --http-port 0 --data-dir b --dial /ip4/127.0.0.1/tcp/4001
  p2p-sync start --network friends --no-mdns --log-level info,net=debug --log-format json`,
    );
  command.action(async () => {
    for (const stream of [shell.stdout, shell.stderr]) stream.on("error", () => undefined); // nobody reads any more: no reason to stop
    const { runNode } = await import("../start/run-node.ts"); // brings the HTTP server along, which no other command needs
    outcome.exit = await runNode({
      shell,
      sources: configSourcesOf(command, shell),
      promptWanted: command.getOptionValue("prompt") === true,
      createNode,
    });
  });
}
