/** This project's library as one of the systems, as the package has it: built. */
import type { createNode, Node } from "../../../src/index.ts";
import type { Adapter, Place } from "../contract.ts";

/** Not there before the build, which is why the compiler does not follow it. */
const library = new URL("../../../dist/index.js", import.meta.url).href;

interface Ticket {
  readonly network: string;
  readonly address: string;
}

/** `durability` as in docs/CONFIG.md; strict syncs before it acknowledges. */
export async function ours(durability: "strict" | "relaxed"): Promise<Adapter> {
  const built = (await import(library)) as { readonly createNode: typeof createNode };
  let running: Node | undefined;
  const node = (): Node => {
    if (running === undefined) throw new Error("the node is not started");
    return running;
  };
  return {
    async start({ dataDir, ticket }: Place) {
      const network = ticket === undefined ? `testnet-peers-${process.ppid}` : read(ticket).network;
      running = await built.createNode({
        networkName: network,
        dataDir,
        storageDurability: durability,
        p2pListen: ["127.0.0.1"],
        p2pPort: 0,
        p2pMdns: false,
      });
      return JSON.stringify({ network, address: running.info().p2p[0] ?? "" } satisfies Ticket);
    },
    async connect(ticket) {
      await node().dial(read(ticket).address);
    },
    async put(key, value) {
      await node().put(key, value);
    },
    async putBatch(entries) {
      await node().batch(entries.map((entry) => ({ type: "put", ...entry })));
    },
    async get(key) {
      return (await node().get(key))?.value;
    },
    async scan(prefix) {
      let count = 0;
      for await (const { value } of node().list({ prefix })) if (value.length > 0) count += 1;
      return count;
    },
    async count() {
      return (await node().status()).entries;
    },
    async stop() {
      await node().stop();
    },
  };
}

function read(ticket: string): Ticket {
  return JSON.parse(ticket) as Ticket;
}
