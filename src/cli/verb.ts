/**
 * What all commands that ask a running node have in common: how they find it, `--json`, and how
 * they end.
 */
import type { Command } from "commander";
import type { ExitCode } from "./failure.ts";
import type { Shell } from "./shell.ts";
import { resolveTarget, type Target, type TargetOptions } from "./target.ts";

export interface VerbOptions extends TargetOptions {
  readonly json?: boolean;
}

export interface VerbContext<Options> {
  readonly shell: Shell;
  readonly target: Target;
  readonly options: Options & VerbOptions;
  readonly json: boolean;
  print(text: string): void;
}

/** Where a command leaves its exit code; a command that leaves none ends with 0. */
export interface Outcome {
  exit: ExitCode;
}

export interface Registry {
  readonly program: Command;
  readonly shell: Shell;
  readonly outcome: Outcome;
}

type Verb<Options> = (context: VerbContext<Options>, ...parameters: string[]) => Promise<ExitCode | void>;

/** Adds the common options and runs the verb with what they say. */
export function asVerb<Options = object>(command: Command, { shell, outcome }: Registry, verb: Verb<Options>): Command {
  return command
    .option("--api <URL>", "address of the node's API (environment P2P_SYNC_API)")
    .option("--token <TOKEN>", "its token (better in the environment: P2P_SYNC_TOKEN)")
    .option("--data-dir <DIR>", "data folder of a node on this machine (environment P2P_SYNC_DATA_DIR)")
    .option("--json", "print JSON")
    .action(async (...all: unknown[]) => {
      const options = command.opts<Options & VerbOptions>();
      const parameters = all.slice(0, -2).filter((value) => value !== undefined) as string[];
      endQuietlyWithReader(shell);
      const context = {
        shell,
        options,
        json: options.json === true,
        target: resolveTarget(shell, options),
        print: (text: string) => void shell.stdout.write(text),
      };
      outcome.exit = (await verb(context, ...parameters)) ?? 0;
    });
}

export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

/** `p2p-sync list | head -1`: who reads no more wants no more. */
function endQuietlyWithReader({ stdout }: Shell): void {
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}
