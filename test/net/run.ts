/** A program that has to succeed, or throws what it said. */
import { spawnSync } from "node:child_process";

export function run(program: string, parameters: readonly string[], input = ""): string {
  const { status, stdout, stderr, error } = spawnSync(program, parameters, { encoding: "utf8", input });
  if (status !== 0) throw new Error(`${program} ${parameters.join(" ")}: ${error?.message ?? stderr.trim()}`);
  return stdout;
}
