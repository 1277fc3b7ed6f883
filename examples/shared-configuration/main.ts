/**
 * Prints the settings whenever a machine changes them, and changes them by lines such as
 * `theme dark` on standard input. The second machine is given the address that the first one prints.
 *
 *   node examples/shared-configuration/main.ts ./config-a
 *   node examples/shared-configuration/main.ts ./config-b /ip4/192.168.1.5/tcp/4001/p2p/12D3KooW…
 */
import { createInterface } from "node:readline";
import { createNode } from "p2p-sync";
import { SharedConfig } from "./shared-config.ts";

const [dataDir = "./config-data", address] = process.argv.slice(2);

await using node = await createNode({
  networkName: "example-configuration",
  dataDir,
  p2pPort: 0,
  p2pMdns: false,
  ...(address !== undefined && { p2pDial: [address] }),
});
console.log(`listening ${node.info().p2p[0]}`);

const config = new SharedConfig<Record<string, string>>(node, "settings", { theme: "light" });
const stopping = new AbortController();
const printing = (async () => {
  for await (const settings of config.watch(stopping.signal)) console.log(JSON.stringify(settings));
})();

for await (const line of createInterface({ input: process.stdin })) {
  const [name, value] = line.split(" ");
  if (name !== undefined && value !== undefined) await config.change((settings) => ({ ...settings, [name]: value }));
}
stopping.abort();
await printing;
