/**
 * Who is there: each node keeps an entry of its own alive and says when another's comes or expires.
 * Nobody has to say goodbye, so a machine that lost its power is gone as well, a moment later.
 *
 *   node examples/presence-by-ttl/main.ts alice ./presence-a
 *   node examples/presence-by-ttl/main.ts bob ./presence-b /ip4/192.168.1.5/tcp/4001/p2p/12D3KooW…
 */
import { setInterval } from "node:timers/promises";
import { createNode } from "p2p-sync";

const [name = "somebody", dataDir = "./presence-data", address] = process.argv.slice(2);
/** A member that renews three times within its time may lose two messages. */
const [ttlSeconds, renewEveryMs] = [3, 1_000];

await using node = await createNode({
  networkName: "example-presence",
  dataDir,
  p2pPort: 0,
  p2pMdns: false,
  ...(address !== undefined && { p2pDial: [address] }),
});
console.log(`listening ${node.info().p2p[0]}`);

const stopping = new AbortController();
process.once("SIGTERM", () => stopping.abort()).once("SIGINT", () => stopping.abort());
const { signal } = stopping;

const present = new Set<string>();
const watching = (async () => {
  for await (const { type, key } of node.watch({ prefix: "presence/", after: 0, signal })) {
    const who = key.slice("presence/".length);
    if (type === "put" && !present.has(who)) console.log(`+ ${who}`);
    if (type !== "put" && present.has(who)) console.log(`- ${who}`);
    if (type === "put") present.add(who);
    else present.delete(who);
  }
})();

const renew = (): Promise<unknown> => node.put(`presence/${name}`, new Uint8Array(), { ttlSeconds });
await renew();
try {
  for await (const _ of setInterval(renewEveryMs, undefined, { signal })) await renew();
} catch (error) {
  if (!signal.aborted) throw error;
}
await node.delete(`presence/${name}`);
await watching;
