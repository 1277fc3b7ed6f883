/**
 * Runs the command line of this process. Imported by bin/p2p-sync, which has made sure that the
 * platform and Node's version will do.
 */
import { runProgram } from "./program.ts";
import { processShell } from "./shell.ts";

const words = process.argv.slice(2);
process.exitCode = await runProgram(words, processShell(), async (config) => {
  const { createRunningNode } = await import("../node/running-node.ts"); // libp2p takes its time; only start pays
  return await createRunningNode(config);
});
if (words[0] === "start") endWhenWritten(process.exitCode);

/** A stopped node's process must not stay for a forgotten handle. */
function endWhenWritten(code: number): void {
  process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
}
