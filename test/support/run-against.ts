/** Commands against the API of a node in memory, with and without a terminal. */
import { PassThrough } from "node:stream";
import { runProgram } from "../../src/cli/program.ts";
import { type TestApi, testToken } from "./api-client.ts";

export interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** What a command prints and how it ends; `typed` is what somebody types at a terminal. */
export async function runAgainst(api: TestApi, words: readonly string[], typed?: string): Promise<Run> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const text = { out: "", err: "" };
  stdout.on("data", (chunk) => (text.out += String(chunk)));
  stderr.on("data", (chunk) => (text.err += String(chunk)));
  if (typed !== undefined) stdin.end(typed);
  const shell = {
    stdin: Object.assign(stdin, { isTTY: typed !== undefined }),
    stdout,
    stderr,
    environment: {},
    workingDir: "/nowhere",
    homeDir: "/nowhere",
    version: "0",
  };
  const target = ["--api", `http://127.0.0.1:${api.port}`, "--token", testToken];
  const code = await runProgram([...words, ...target], shell, () => Promise.reject(new Error("starts no node")));
  return { code, ...text };
}
