/**
 * What a command sees of the process it runs in, so that tests can run it in another.
 */
import { homedir } from "node:os";
import type { Readable, Writable } from "node:stream";
import { programVersion } from "../node/version.ts";

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
    version: programVersion,
  };
}
