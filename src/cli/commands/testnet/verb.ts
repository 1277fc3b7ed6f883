/**
 * What all commands of a testnet have in common: `--dir`, `--json`, and how they end.
 */
import { resolve } from "node:path";
import type { Command } from "commander";
import type { ExitCode } from "../../failure.ts";
import type { Shell } from "../../shell.ts";
import { Testnet } from "../../testnet/testnet.ts";
import { jsonLine, type Registry } from "../../verb.ts";

export interface TestnetOptions {
  readonly dir: string;
  readonly json?: boolean;
}

export interface TestnetContext<Options> {
  readonly shell: Shell;
  readonly dir: string;
  readonly options: Options & TestnetOptions;
  readonly json: boolean;
  print(text: string): void;
  /** To standard error, which is for people. */
  tell(text: string): void;
  /** Throws where there is no testnet in the folder. */
  open(): Testnet;
}

type TestnetVerb<Options> = (context: TestnetContext<Options>, ...parameters: string[]) => Promise<ExitCode | void>;

export function asTestnetVerb<Options = object>(
  command: Command,
  { shell, outcome }: Registry,
  verb: TestnetVerb<Options>,
): void {
  command
    .option("--dir <DIR>", "folder of the testnet", "testnet")
    .option("--json", "print JSON")
    .action(async (...all: unknown[]) => {
      const options = command.opts<Options & TestnetOptions>();
      const parameters = all.slice(0, -2).filter((value) => value !== undefined) as string[];
      const dir = resolve(shell.workingDir, options.dir);
      const context: TestnetContext<Options> = {
        shell,
        dir,
        options,
        json: options.json === true,
        print: (text) => void shell.stdout.write(text),
        tell: (text) => void shell.stderr.write(text),
        open: () => Testnet.open(dir, shell.environment),
      };
      outcome.exit = (await verb(context, ...parameters)) ?? 0;
    });
}

/** The one line with which a command that changed something ends. */
export function report({ json, print }: TestnetContext<unknown>, text: string, view: object): void {
  print(json ? jsonLine({ ok: true, ...view }) : `${text}\n`);
}
