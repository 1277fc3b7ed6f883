/**
 * `testnet`: a network of real processes on this machine, to be broken by hand or by a scenario.
 */
import type { Registry } from "../verb.ts";
import { addTestnetFaults } from "./testnet/faults.ts";
import { addTestnetLife } from "./testnet/life.ts";
import { addTestnetLogs } from "./testnet/logs.ts";
import { addTestnetRun } from "./testnet/run.ts";
import { addTestnetStatus } from "./testnet/status.ts";
import { addTestnetUp } from "./testnet/up.ts";

export function addTestnet(registry: Registry): void {
  const group = registry.program
    .command("testnet")
    .description("A network of real nodes on this machine, to be broken on purpose")
    .addHelpText(
      "after",
      `
Nodes are numbered from 1 and outlive the command; everything lies in one folder (--dir, default ./testnet).

Examples:
  p2p-sync testnet up --nodes 3
  p2p-sync testnet partition '1,2|3'
  p2p-sync testnet heal
  p2p-sync testnet run examples/testnet/split-and-heal.toml
  p2p-sync testnet down --wipe`,
    );
  addTestnetUp(group, registry);
  addTestnetStatus(group, registry);
  addTestnetLogs(group, registry);
  addTestnetLife(group, registry);
  addTestnetFaults(group, registry);
  addTestnetRun(group, registry);
}
