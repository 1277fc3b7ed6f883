/**
 * Peerbit's document store. `fast` is its preset `peerbit/rust`: stores, index, log and the wire in
 * WebAssembly. Every node replicates everything (`factor: 1`), which is what the other systems do.
 *
 * Peerbit's decorators are called as functions, since Node strips types and knows no decorators.
 */
import type { Adapter } from "../contract.ts";

/** The part of the packages that is used here. */
type Decorate = (target: object, property?: string) => void;
interface Borsh {
  field(options: { readonly type: unknown }): Decorate;
  variant(name: string): Decorate;
}
interface Doc {
  readonly id: string;
  readonly value: Uint8Array;
}
interface Local {
  readonly local: true;
  readonly remote: false;
}
interface DocumentStore {
  open(options: { readonly type: unknown; readonly replicate: { readonly factor: number } }): Promise<void>;
  put(doc: Doc): Promise<unknown>;
  putMany(docs: readonly Doc[]): Promise<unknown>;
  count(): Promise<number>;
  readonly index: {
    get(id: string, options: Local): Promise<Doc | undefined>;
    iterate(request: { readonly query: readonly unknown[] }, options: Local): { all(): Promise<readonly Doc[]> };
  };
}
interface DocumentModule {
  readonly Documents: new (properties: { readonly id: Uint8Array }) => DocumentStore;
  readonly StringMatch: new (match: {
    readonly key: string;
    readonly value: string;
    readonly method: unknown;
  }) => unknown;
  readonly StringMatchMethod: { readonly prefix: unknown };
}
interface Client {
  open(program: object): Promise<unknown>;
  dial(address: string): Promise<boolean>;
  getMultiaddrs(): readonly { toString(): string }[];
  stop(): Promise<void>;
}
interface PeerbitModule {
  readonly Peerbit: { create(options: object): Promise<Client> };
}

const local: Local = { local: true, remote: false };
/** The same on every node, so that all open the same store. */
const storeId = new Uint8Array(32).fill(7);

export async function peerbit(preset: "default" | "fast"): Promise<Adapter> {
  const { Peerbit } = await load<PeerbitModule>("peerbit");
  const documents = await load<DocumentModule>("@peerbit/document");
  const { Entry, Store } = await schema(documents);
  const { createRustPeerbitOptions } = await load<{ createRustPeerbitOptions(): object }>("peerbit/rust");
  const store = new Store();
  let running: Client | undefined;
  const client = (): Client => {
    if (running === undefined) throw new Error("the node is not started");
    return running;
  };
  return {
    async start({ dataDir }) {
      running = await Peerbit.create({
        directory: dataDir,
        relay: false,
        libp2p: { addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] } },
        ...(preset === "fast" ? createRustPeerbitOptions() : {}),
      });
      await running.open(store);
      return String(running.getMultiaddrs()[0]);
    },
    async connect(ticket) {
      await client().dial(ticket);
    },
    async put(key, value) {
      await store.docs.put(new Entry(key, value));
    },
    async putBatch(entries) {
      await store.docs.putMany(entries.map(({ key, value }) => new Entry(key, value)));
    },
    async get(key) {
      return (await store.docs.index.get(key, local))?.value;
    },
    async scan(prefix) {
      const query = [
        new documents.StringMatch({ key: "id", value: prefix, method: documents.StringMatchMethod.prefix }),
      ];
      return (await store.docs.index.iterate({ query }, local).all()).length;
    },
    count() {
      return store.docs.count();
    },
    async stop() {
      await client().stop();
    },
  };
}

interface Schema {
  readonly Entry: new (id: string, value: Uint8Array) => Doc;
  readonly Store: new () => { readonly docs: DocumentStore };
}

async function schema({ Documents }: DocumentModule): Promise<Schema> {
  const { field, variant } = await load<Borsh>("@dao-xyz/borsh");
  const { Program } = await load<{ readonly Program: new () => object }>("@peerbit/program");

  class Entry implements Doc {
    id: string;
    value: Uint8Array;
    constructor(id: string, value: Uint8Array) {
      this.id = id;
      this.value = value;
    }
  }
  field({ type: "string" })(Entry.prototype, "id");
  field({ type: Uint8Array })(Entry.prototype, "value");
  variant("bench_entry")(Entry);

  class Store extends Program {
    docs: DocumentStore = new Documents({ id: storeId });
    open(): Promise<void> {
      return this.docs.open({ type: Entry, replicate: { factor: 1 } });
    }
  }
  variant("bench_store")(Store);
  field({ type: Documents })(Store.prototype, "docs");
  return { Entry, Store };
}

/** The packages lie in this folder and only if they were installed; hence no import that the compiler follows. */
function load<Module>(name: string): Promise<Module> {
  return import(name) as Promise<Module>;
}
