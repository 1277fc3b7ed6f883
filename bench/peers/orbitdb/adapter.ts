/**
 * OrbitDB over Helia, set up as its own tests do (bitswap, gossipsub, blocks in LevelDB), with TCP
 * and Noise as here. The database is `keyvalue` with an index (`KeyValueIndexed`): a read of plain
 * `keyvalue` walks the whole log. The index keeps values as JSON, so they are strings in base64.
 */
import { join } from "node:path";
import type { Adapter } from "../contract.ts";

/** The part of the packages that is used here. */
type Make<Result> = (options?: object) => Result;
interface Running {
  stop(): Promise<void>;
}
interface Libp2p extends Running {
  dial(address: unknown): Promise<unknown>;
  getMultiaddrs(): readonly { toString(): string }[];
}
interface Database {
  readonly address: string;
  put(key: string, value: string): Promise<string>;
  get(key: string): Promise<string | undefined>;
  iterator(): AsyncIterable<{ readonly key: string; readonly value: string }>;
  readonly log: { heads(): Promise<readonly { readonly hash: string; readonly clock: { readonly time: number } }[]> };
}
interface OrbitModule {
  createOrbitDB(options: object): Promise<Running & { open(name: string, options: object): Promise<Database> }>;
  readonly KeyValueIndexed: Make<unknown>;
  readonly IPFSAccessController: Make<unknown>;
}
interface Ticket {
  readonly database: string;
  readonly address: string;
}

const name = "bench";

export function orbitdb(): Adapter {
  const running: Running[] = [];
  let libp2p: Libp2p | undefined;
  let opened: Database | undefined;
  const database = (): Database => {
    if (opened === undefined) throw new Error("the node is not started");
    return opened;
  };
  return {
    putBatch: "none",
    async start({ dataDir, ticket }) {
      const orbit = await load<OrbitModule>("@orbitdb/core");
      libp2p = await startLibp2p();
      const ipfs = await startHelia(libp2p, dataDir);
      const node = await orbit.createOrbitDB({ ipfs, id: name, directory: join(dataDir, "orbitdb") });
      running.push(node, ipfs);
      // Whoever joins needs the manifest of the database, which only linked nodes can give.
      if (ticket !== undefined) await dial(libp2p, read(ticket).address);
      opened = await node.open(ticket === undefined ? name : read(ticket).database, {
        type: "keyvalue",
        Database: orbit.KeyValueIndexed(),
        AccessController: orbit.IPFSAccessController({ write: ["*"] }),
      });
      return JSON.stringify({
        database: opened.address,
        address: String(libp2p.getMultiaddrs()[0]),
      } satisfies Ticket);
    },
    async connect(ticket) {
      if (libp2p !== undefined) await dial(libp2p, read(ticket).address);
    },
    async put(key, value) {
      await database().put(key, Buffer.from(value).toString("base64"));
    },
    async get(key) {
      const value = await database().get(key);
      return value === undefined ? undefined : Buffer.from(value, "base64");
    },
    async scan(prefix) {
      let count = 0;
      for await (const { key } of database().iterator()) if (key.startsWith(prefix)) count += 1;
      return count;
    },
    async count() {
      let count = 0;
      for await (const _ of database().iterator()) count += 1;
      return count;
    },
    async stop() {
      for (const each of running) await each.stop();
    },
  };
}

async function startLibp2p(): Promise<Libp2p> {
  const { createLibp2p } = await load<{ createLibp2p(options: object): Promise<Libp2p> }>("libp2p");
  const { tcp } = await load<{ tcp: Make<unknown> }>("@libp2p/tcp");
  const { noise } = await load<{ noise: Make<unknown> }>("@chainsafe/libp2p-noise");
  const { yamux } = await load<{ yamux: Make<unknown> }>("@chainsafe/libp2p-yamux");
  const { identify } = await load<{ identify: Make<unknown> }>("@libp2p/identify");
  const { gossipsub } = await load<{ gossipsub: Make<unknown> }>("@libp2p/gossipsub");
  return createLibp2p({
    addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(), pubsub: gossipsub({ allowPublishToZeroTopicPeers: true }) },
  });
}

async function startHelia(libp2p: Libp2p, dataDir: string): Promise<Running> {
  const { createHelia } = await load<{ createHelia(options: object): Promise<Running> }>("helia");
  const { bitswap } = await load<{ bitswap: Make<unknown> }>("@helia/block-brokers");
  const { libp2pRouting } = await load<{ libp2pRouting(libp2p: Libp2p): unknown }>("@helia/routers");
  const { LevelBlockstore } = await load<{ LevelBlockstore: new (folder: string) => object }>("blockstore-level");
  const { LevelDatastore } = await load<{ LevelDatastore: new (folder: string) => object }>("datastore-level");
  return createHelia({
    libp2p,
    blockstore: new LevelBlockstore(join(dataDir, "blocks")),
    datastore: new LevelDatastore(join(dataDir, "data")),
    blockBrokers: [bitswap()],
    routers: [libp2pRouting(libp2p)],
  });
}

async function dial(libp2p: Libp2p, address: string): Promise<void> {
  const { multiaddr } = await load<{ multiaddr(text: string): unknown }>("@multiformats/multiaddr");
  await libp2p.dial(multiaddr(address));
}

function read(ticket: string): Ticket {
  return JSON.parse(ticket) as Ticket;
}

/** The packages lie in this folder and only if they were installed; hence no import that the compiler follows. */
function load<Module>(name: string): Promise<Module> {
  return import(name) as Promise<Module>;
}
