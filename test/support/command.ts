/**
 * Runs the command in a process of its own, as a user does.
 */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const memoryCommand = fileURLToPath(new URL("memory-command.ts", import.meta.url));

export interface CommandOptions {
  readonly stdin?: string | Uint8Array;
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDir?: string;
}

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly out: string;
  readonly err: string;
}

export interface RunningCommand {
  readonly child: ChildProcessWithoutNullStreams;
  out(): string;
  err(): string;
  /** Resolves once standard output or error has this text; fails when the process ends without it. */
  says(text: string): Promise<void>;
  readonly end: Promise<CommandResult>;
}

/** The command with a node in memory behind `start`. */
export function startCommand(
  words: readonly string[],
  { environment, workingDir }: CommandOptions = {},
): RunningCommand {
  const child = spawn(process.execPath, [memoryCommand, ...words], {
    cwd: workingDir,
    env: { PATH: process.env["PATH"], HOME: workingDir ?? "/nonexistent", NO_COLOR: "1", ...environment },
  });
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on("error", () => undefined); // a command may end without reading its input
  const out = (): string => Buffer.concat(stdout).toString();
  const err = (): string => Buffer.concat(stderr).toString();
  const end = once(child, "close").then(([code]) => ({
    code: code as number | null,
    stdout: Buffer.concat(stdout),
    out: out(),
    err: err(),
  }));
  const says = async (text: string): Promise<void> => {
    while (!`${out()}\n${err()}`.includes(text)) {
      if (child.exitCode !== null)
        throw new Error(`ended with ${child.exitCode} before ${JSON.stringify(text)}: ${out()}${err()}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  return { child, out, err, says, end };
}

export function runCommand(words: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { child, end } = startCommand(words, options);
  child.stdin.end(options.stdin);
  return end;
}
