/**
 * What a command sees of the process it runs in, so that tests can run it in another.
 */
import { homedir } from "node:os";
import { readFileSync } from "node:fs";
import type { Readable, Writable } from "node:stream";

export type Terminal<Stream> = Stream & { readonly isTTY?: boolean | undefined };

export interface Shell {
  readonly stdin: Terminal<Readable>;
  readonly stdout: Terminal<Writable>;
  readonly stderr: Terminal<Writable>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDir: string;
  readonly homeDir: string;
  readonly version: string;
}

export function processShell(): Shell {
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    workingDir: process.cwd(),
    homeDir: homedir(),
    version: packageVersion(),
  };
}

/** package.json lies two folders above this file, in the sources as in the built form. */
function packageVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
