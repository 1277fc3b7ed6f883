/**
 * The whole command with a node in memory behind `start`: for tests of processes, signals and
 * terminals that need no network. Environment variables play the node's part in the story:
 * MEMORY_STOP=never makes it hang while stopping, MEMORY_FAULT makes it stop by itself,
 * MEMORY_REFUSE makes it refuse to start; each value that is a fault is a fault code.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Fault } from "../../src/base/fault.ts";
import type { Config } from "../../src/config/settings.ts";
import { runProgram } from "../../src/cli/program.ts";
import { processShell } from "../../src/cli/shell.ts";
import type { RunningNode } from "../../src/node/facade.ts";
import { reloadConfig } from "../../src/node/live-settings.ts";
import { createMemoryNode } from "./memory-facade.ts";

const { MEMORY_STOP, MEMORY_FAULT, MEMORY_REFUSE } = process.env;

async function createNode(config: Config): Promise<RunningNode> {
  if (MEMORY_REFUSE !== undefined) throw new Fault(MEMORY_REFUSE, "the memory node refuses to start");
  mkdirSync(config.dataDir, { recursive: true });
  for (const name of ["identity.key", "api-token"])
    writeFileSync(join(config.dataDir, name), "memory-token\n", { mode: 0o600 });
  const { facade, control } = createMemoryNode();
  let running = config;
  const log = (_: Config, next: Config): void => void process.stderr.write(`log level now ${next.logLevel}\n`);
  const nothing = (): void => undefined;
  const takers = { log, replica: nothing, network: nothing, links: nothing, memory: nothing, dials: nothing };
  if (MEMORY_STOP === "never") facade.stop = () => new Promise(() => undefined);
  return {
    facade,
    apiToken: "memory-token",
    announceHttp: (url) => (control.http = url),
    applyConfig(next) {
      const reload = reloadConfig(running, next, takers);
      running = reload.config;
      return reload;
    },
    stopped:
      MEMORY_FAULT === undefined
        ? new Promise(() => undefined)
        : Promise.resolve(new Fault(MEMORY_FAULT, "the memory node stops")),
  };
}

const code = await runProgram(process.argv.slice(2), processShell(), createNode);
process.stdout.write("", () => process.exit(code));
