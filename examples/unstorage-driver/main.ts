/**
 * Notes that machines share, kept through unstorage: lines such as `todo buy milk` set an item, `todo` alone removes it,
 * and every change is printed, whichever machine made it. The second machine is given the address that the first one prints.
 *
 *   node examples/unstorage-driver/main.ts ./notes-a
 *   node examples/unstorage-driver/main.ts ./notes-b /ip4/192.168.1.5/tcp/4001/p2p/12D3KooW…
 */
import { createInterface } from "node:readline";
import { createNode } from "p2p-sync";
import { createStorage } from "unstorage";
import { p2pSyncDriver } from "./p2p-sync-driver.ts";

const [dataDir = "./notes-data", address] = process.argv.slice(2);

await using node = await createNode({
  networkName: "example-notes",
  dataDir,
  p2pPort: 0,
  p2pMdns: false,
  ...(address !== undefined && { p2pDial: [address] }),
});
console.log(`listening ${node.info().p2p[0]}`);

const storage = createStorage<string>({ driver: p2pSyncDriver({ node, prefix: "notes:" }) });
for (const key of await storage.getKeys()) console.log(`${key}: ${await storage.getItem(key)}`);
const unwatch = await storage.watch(async (event, key) => {
  console.log(event === "update" ? `${key}: ${await storage.getItem(key)}` : `${key} is gone`);
});

for await (const line of createInterface({ input: process.stdin })) {
  const [key = "", ...words] = line.split(" ");
  if (words.length === 0) await storage.removeItem(key);
  else await storage.setItem(key, words.join(" "));
}
await unwatch();
await storage.dispose();
