/**
 * Hyperbee on Hypercore in a Corestore, replicated over plain TCP (Corestore's own Noise stream in a
 * socket), which leaves finding and hole punching out. Only the first node can write; the others
 * download the whole log, so that all they read is their own.
 */
import { once } from "node:events";
import { type AddressInfo, type Server, type Socket, connect, createServer } from "node:net";
import { pipeline } from "node:stream";
import type { Adapter } from "../contract.ts";

/** The part of the packages that is used here. */
interface Core {
  readonly key: Uint8Array;
  readonly discoveryKey: Uint8Array;
  readonly contiguousLength: number;
  readonly writable: boolean;
  ready(): Promise<void>;
  download(range: { readonly start: number; readonly end: number }): unknown;
}
interface Corestore {
  get(which: { readonly name: string } | { readonly key: Uint8Array }): Core;
  replicate(isInitiator: boolean): NodeJS.ReadWriteStream;
  close(): Promise<void>;
}
interface Writing {
  put(key: string, value: Uint8Array): Promise<void>;
}
interface Bee extends Writing {
  ready(): Promise<void>;
  get(key: string, options: { readonly wait: false }): Promise<{ readonly value: Uint8Array } | null>;
  batch(): Writing & { flush(): Promise<void> };
  createReadStream(range: { readonly gte: string; readonly lt: string }): AsyncIterable<{ readonly value: Uint8Array }>;
}
interface Ticket {
  readonly key: string;
  readonly port: number;
}
interface Default<Value> {
  readonly default: Value;
}

/** The log begins with a block that is no entry. */
const headerBlocks = 1;

export async function hyperbee(): Promise<Adapter> {
  const { default: Store } = await load<Default<new (folder: string) => Corestore>>("corestore");
  const { default: Tree } = await load<Default<new (core: Core, options: object) => Bee>>("hyperbee");
  let running: { store: Corestore; core: Core; bee: Bee; server: Server } | undefined;
  const node = (): NonNullable<typeof running> => {
    if (running === undefined) throw new Error("the node is not started");
    return running;
  };
  return {
    async start({ dataDir, ticket }) {
      const known = ticket === undefined ? undefined : (JSON.parse(ticket) as Ticket);
      const store = new Store(dataDir);
      const core = store.get(known === undefined ? { name: "bench" } : { key: Buffer.from(known.key, "hex") });
      await core.ready();
      const bee = new Tree(core, { keyEncoding: "utf-8", valueEncoding: "binary" });
      await bee.ready();
      if (!core.writable) core.download({ start: 0, end: -1 });
      const server = createServer((socket) => join(store, socket, false)).listen(0, "127.0.0.1");
      await once(server, "listening");
      running = { store, core, bee, server };
      const { port } = server.address() as AddressInfo;
      return JSON.stringify({ key: Buffer.from(core.key).toString("hex"), port } satisfies Ticket);
    },
    async connect(ticket) {
      const socket = connect({ host: "127.0.0.1", port: (JSON.parse(ticket) as Ticket).port, noDelay: true });
      await once(socket, "connect");
      join(node().store, socket, true);
    },
    put: (key, value) => node().bee.put(key, value),
    async putBatch(entries) {
      const batch = node().bee.batch();
      for (const { key, value } of entries) await batch.put(key, value);
      await batch.flush();
    },
    async get(key) {
      const { bee, core } = node();
      if (!core.writable && core.contiguousLength <= headerBlocks) return undefined;
      return (await bee.get(key, { wait: false }).catch(notHere))?.value;
    },
    async scan(prefix) {
      let count = 0;
      const stream = node().bee.createReadStream({ gte: prefix, lt: `${prefix}\uFFFF` });
      for await (const { value } of stream) if (value.length > 0) count += 1;
      return count;
    },
    async count() {
      return Math.max(0, node().core.contiguousLength - headerBlocks);
    },
    async stop() {
      node().server.close();
      await node().store.close();
    },
  };
}

/** Replicates over a socket until either side closes; then there is nothing more to say. */
function join(store: Corestore, socket: Socket, isInitiator: boolean): void {
  const stream = store.replicate(isInitiator);
  pipeline(stream, socket, stream, () => undefined);
}

/** A block on the way to the entry has not come yet; whatever else goes wrong is told. */
function notHere(error: unknown): null {
  if ((error as { code?: string }).code === "BLOCK_NOT_AVAILABLE") return null;
  throw error;
}

/** The packages lie in this folder and only if they were installed; hence no import that the compiler follows. */
function load<Module>(name: string): Promise<Module> {
  return import(name) as Promise<Module>;
}
