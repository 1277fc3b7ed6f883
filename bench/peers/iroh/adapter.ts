/**
 * iroh-docs 0.35 by its Node binding: a document whose entries name blobs, found by the addresses in
 * a ticket, without relays or discovery. What a reader counts is what it was told it can read: the
 * contents that are there.
 */
import type { Adapter } from "../contract.ts";

/** The part of the package that is used here. */
interface Entry {
  readonly hash: string;
}
interface LiveEvent {
  readonly contentReady?: { readonly hash: string };
  readonly insertLocal?: { readonly entry: Entry };
}
type OnEvent = (error: Error | null, event: LiveEvent) => void;
interface Doc {
  id(): string;
  setBytes(author: unknown, key: readonly number[], value: readonly number[]): Promise<unknown>;
  getOne(query: unknown): Promise<Entry | null>;
  getMany(query: unknown): Promise<readonly Entry[]>;
  share(mode: "Write", address: "Addresses"): Promise<{ toString(): string }>;
  subscribe(listener: OnEvent): Promise<void>;
}
interface Iroh {
  readonly authors: { default(): Promise<unknown> };
  readonly blobs: { readToBytes(hash: string): Promise<readonly number[]>; has(hash: string): Promise<boolean> };
  readonly docs: {
    create(): Promise<Doc>;
    open(id: string): Promise<Doc | null>;
    list(): Promise<readonly { readonly namespace: string }[]>;
    joinAndSubscribe(ticket: unknown, listener: OnEvent): Promise<Doc>;
  };
  readonly node: { shutdown(): Promise<void> };
}
interface IrohModule {
  readonly Iroh: { persistent(folder: string, options: object): Promise<Iroh> };
  readonly Query: {
    singleLatestPerKeyExact(key: readonly number[]): unknown;
    singleLatestPerKeyPrefix(prefix: readonly number[]): unknown;
  };
  readonly DocTicket: { fromString(text: string): unknown };
}

export async function iroh(): Promise<Adapter> {
  const { default: binding } = await load<{ readonly default: IrohModule }>("@number0/iroh");
  const { Iroh, Query, DocTicket } = binding;
  const readable = new Set<string>();
  const onEvent: OnEvent = (error, event) => {
    if (error !== null) throw error;
    const hash = event.contentReady?.hash ?? event.insertLocal?.entry.hash;
    if (hash !== undefined) readable.add(hash);
  };
  let running: { node: Iroh; doc: Doc; author: unknown } | undefined;
  const open = (): NonNullable<typeof running> => {
    if (running === undefined) throw new Error("the node is not started");
    return running;
  };
  const openDoc = async (node: Iroh): Promise<Doc> => {
    const [known] = await node.docs.list();
    const doc = known === undefined ? await node.docs.create() : await node.docs.open(known.namespace);
    if (doc === null) throw new Error(`document ${known?.namespace} cannot be opened`);
    await doc.subscribe(onEvent);
    return doc;
  };
  return {
    putBatch: "none",
    async start({ dataDir, ticket }) {
      const node = await Iroh.persistent(dataDir, { enableDocs: true, nodeDiscovery: "None", ipv4Addr: "127.0.0.1:0" });
      const doc =
        ticket === undefined
          ? await openDoc(node)
          : await node.docs.joinAndSubscribe(DocTicket.fromString(ticket), onEvent);
      running = { node, doc, author: await node.authors.default() };
      return String(await doc.share("Write", "Addresses"));
    },
    async connect() {
      // Joining by ticket has linked with the first node; gossip finds the others.
    },
    async put(key, value) {
      const { doc, author } = open();
      await doc.setBytes(author, bytes(key), Array.from(value));
    },
    async get(key) {
      const { doc, node } = open();
      const entry = await doc.getOne(Query.singleLatestPerKeyExact(bytes(key)));
      if (entry === null || !(await node.blobs.has(entry.hash))) return undefined;
      return Uint8Array.from(await node.blobs.readToBytes(entry.hash));
    },
    async scan(prefix) {
      const { doc, node } = open();
      let count = 0;
      for (const { hash } of await doc.getMany(Query.singleLatestPerKeyPrefix(bytes(prefix))))
        if ((await node.blobs.readToBytes(hash)).length > 0) count += 1;
      return count;
    },
    async count() {
      return readable.size;
    },
    async stop() {
      await open().node.node.shutdown();
    },
  };
}

function bytes(text: string): readonly number[] {
  return Array.from(Buffer.from(text));
}

/** The packages lie in this folder and only if they were installed; hence no import that the compiler follows. */
function load<Module>(name: string): Promise<Module> {
  return import(name) as Promise<Module>;
}
