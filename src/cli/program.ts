/**
 * All commands, and the one place where a failure becomes a message and an exit code.
 */
import { Command, CommanderError } from "commander";
import { Fault } from "../base/fault.ts";
import { addAdopt } from "./commands/adopt.ts";
import { addClock } from "./commands/clock.ts";
import { addCompletion } from "./commands/completion.ts";
import { addConfig, addInit } from "./commands/config.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addConverged, addExplain, addPartitions } from "./commands/insight.ts";
import { addPeer } from "./commands/peer.ts";
import { addVerify } from "./commands/proof.ts";
import { addConflicts, addGet, addList } from "./commands/read.ts";
import { addHealth, addInfo, addNetcheck, addPeers, addStatus, addWhy } from "./commands/show.ts";
import { addStale } from "./commands/stale.ts";
import { addStart } from "./commands/start.ts";
import { addExport, addImport } from "./commands/transfer.ts";
import { addTestnet } from "./commands/testnet.ts";
import { addVersion } from "./commands/version.ts";
import { addWatch } from "./commands/watch.ts";
import { addDelete, addPut } from "./commands/write.ts";
import { describeFailure, type ExitCode } from "./failure.ts";
import type { Shell } from "./shell.ts";
import type { NodeFactory } from "./start/run-node.ts";
import type { Outcome } from "./verb.ts";

/** Runs one command line (without the program's own name) and resolves with its exit code. */
export async function runProgram(words: readonly string[], shell: Shell, createNode: NodeFactory): Promise<ExitCode> {
  const outcome: Outcome = { exit: 0 };
  const program = createProgram(shell, outcome, createNode);
  try {
    await program.parseAsync([...words], { from: "user" });
    return outcome.exit;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const failure = describeFailure(
      error instanceof CommanderError ? usageFault(error) : error,
      commandIn(program, words),
      words.includes("--json"),
    );
    shell.stderr.write(failure.text);
    return failure.exit;
  }
}

export function createProgram(shell: Shell, outcome: Outcome, createNode: NodeFactory): Command {
  const program = new Command("p2p-sync")
    .description("Local-first data that any number of machines share without a server.")
    .version(shell.version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => shell.stdout.write(text),
      writeErr: (text) => shell.stderr.write(text),
      outputError: () => undefined,
    })
    .addHelpText(
      "after",
      `
Exit codes: 0 ok, 1 warning or failure, 2 wrong usage or critical, 3 no node reachable, 4 not found.

Examples:
  p2p-sync start
  p2p-sync put colour green
  p2p-sync get colour
  p2p-sync peers --json`,
    );
  const registry = { program, shell, outcome };
  addStart(registry, createNode);
  addPut(registry);
  addGet(registry);
  addVerify(registry);
  addDelete(registry);
  addList(registry);
  addConflicts(registry);
  addWatch(registry);
  addExport(registry);
  addImport(registry);
  addStatus(registry);
  addPeers(registry);
  addWhy(registry);
  addConverged(registry);
  addExplain(registry);
  addPartitions(registry);
  addStale(registry);
  addAdopt(registry);
  addInfo(registry);
  addHealth(registry);
  addNetcheck(registry);
  addDoctor(registry);
  addPeer(registry);
  addClock(registry);
  addConfig(registry);
  addInit(program, registry);
  addTestnet(registry);
  addVersion(registry);
  addCompletion(registry);
  return program;
}

/** Commander prints the help itself where no command was given. */
function usageFault(error: CommanderError): Fault {
  const message =
    error.code === "commander.help"
      ? "a command is missing"
      : error.message
          .replace(/^error: /, "")
          .split("\n")
          .join(" ");
  return new Fault("invalid_argument", `${message}. See p2p-sync --help.`);
}

/** The command's own words, as far as they name one. */
function commandIn(program: Command, words: readonly string[]): string {
  const names: string[] = [];
  let commands = program.commands;
  for (const word of words) {
    const found = commands.find((command) => command.name() === word || command.aliases().includes(word));
    if (found === undefined) break;
    names.push(word);
    commands = found.commands;
  }
  return names.join(" ");
}
