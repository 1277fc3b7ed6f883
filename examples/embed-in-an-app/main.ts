/**
 * A node inside an app's own process: counts its own starts and lists them.
 *
 *   node examples/embed-in-an-app/main.ts ./visits-data
 */
import { createNode } from "p2p-sync";

const [dataDir = "./visits-data"] = process.argv.slice(2);

await using node = await createNode({ networkName: "example-visits", dataDir, p2pPort: 0, p2pMdns: false });

const startedAt = new Date().toISOString();
await node.put(`visits/${startedAt}`, new TextEncoder().encode(process.version));

for await (const { key, value } of node.list({ prefix: "visits/" })) {
  console.log(key.slice("visits/".length), new TextDecoder().decode(value));
}
