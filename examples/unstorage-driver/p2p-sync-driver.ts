/**
 * A driver for unstorage: every storage of its kind becomes a view of one set that all members of a network share.
 *
 * What it promises is what the node promises: of two writes to a key the later one wins on all members, an item that was
 * removed stays removed, and an item with a time to live is gone on all of them when that is over. The README beside this
 * file says what unstorage's own words leave open.
 *
 * Source: https://unstorage.unjs.io/guide/custom-driver, and the type `Driver` of unstorage 1.17.
 */
import type { NodeFacade, WriteOp, WriteOptions } from "p2p-sync";
import type { Driver, TransactionOptions } from "unstorage";

export interface P2pSyncDriverOptions {
  /** Started and stopped by whoever made it. */
  readonly node: NodeFacade;
  /** Under which all keys of this storage lie, such as `app:`; empty for all keys of the network. */
  readonly prefix?: string;
  /** How sure every write has to be, where a call does not say it itself. */
  readonly write?: Pick<WriteOptions, "certainty" | "copies" | "timeoutMs">;
}

/** The `options` of unstorage's calls that this driver knows. */
export interface P2pSyncItemOptions extends Pick<WriteOptions, "certainty" | "copies" | "timeoutMs"> {
  /** Seconds until the item is gone. */
  readonly ttl?: number;
}

/** What one batch takes, with room for its headers. Source: docs/LIMITS.md. */
const batchMax = { ops: 1_000, bytes: 800 * 1024 } as const;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

// tidy: long because it is one method for each call of the contract
export function p2pSyncDriver({ node, prefix = "", write = {} }: P2pSyncDriverOptions): Driver {
  const watching = new Set<AbortController>();
  const inNode = (key: string): string => `${prefix}${key}`;
  const inStorage = (key: string): string => key.slice(prefix.length);

  async function put(key: string, value: Uint8Array, options: TransactionOptions = {}): Promise<void> {
    await node.put(inNode(key), value, { ...write, ...writeOptionsOf(options) });
  }

  async function keysUnder(base = ""): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of node.list({ prefix: inNode(base) })) keys.push(inStorage(key));
    return keys;
  }

  return {
    name: "p2p-sync",
    flags: { ttl: true },
    getInstance: () => node,
    hasItem: async (key) => (await node.get(inNode(key))) !== undefined,
    async getItem(key) {
      const entry = await node.get(inNode(key));
      return entry === undefined ? null : textOf(key, entry.value);
    },
    getItemRaw: async (key) => (await node.get(inNode(key)))?.value ?? null,
    setItem: async (key, value, options) => await put(key, encoder.encode(value), options),
    setItemRaw: async (key, value: unknown, options) => await put(key, bytesOf(key, value), options),
    async setItems(items, common = {}) {
      const last = new Map(items.map((item) => [item.key, item])); // of a key that comes twice the last one counts
      const ops = Array.from(last.values(), ({ key, value, options }): WriteOp => {
        const { ttl }: P2pSyncItemOptions = { ...common, ...options };
        const op = { type: "put", key: inNode(key), value: encoder.encode(value) } as const;
        return ttl === undefined ? op : { ...op, ttlSeconds: wholeSeconds(ttl) };
      });
      const { ttlSeconds: _, ...certainty } = writeOptionsOf(common);
      for (const batch of batchesOf(ops)) await node.batch(batch, { ...write, ...certainty });
    },
    async removeItem(key, options) {
      const { ttlSeconds: _, ...certainty } = writeOptionsOf(options);
      await node.delete(inNode(key), { ...write, ...certainty });
    },
    async getMeta(key) {
      const entry = await node.get(inNode(key));
      if (entry === undefined) return null;
      const { stamp, author, etag, expiresAt, value } = entry;
      const meta = { mtime: new Date(Math.floor(stamp / 1_000)), size: value.length, author, etag };
      return expiresAt === undefined ? meta : { ...meta, ttl: Math.ceil((expiresAt - Date.now()) / 1_000) };
    },
    getKeys: async (base) => await keysUnder(base),
    async clear(base) {
      const ops = (await keysUnder(base)).map((key): WriteOp => ({ type: "delete", key: inNode(key) }));
      for (const batch of batchesOf(ops)) await node.batch(batch, write);
    },
    watch(callback) {
      const gone = new AbortController();
      watching.add(gone);
      const changes = node.watch({ prefix, signal: gone.signal });
      const telling = (async () => {
        for await (const { type, key } of changes) await callback(type === "put" ? "update" : "remove", inStorage(key));
      })();
      return async () => {
        watching.delete(gone);
        gone.abort();
        await telling;
      };
    },
    dispose() {
      for (const gone of watching) gone.abort();
      watching.clear();
    },
  };
}

function writeOptionsOf({ ttl, certainty, copies, timeoutMs }: P2pSyncItemOptions): WriteOptions {
  return {
    ...(ttl !== undefined && { ttlSeconds: wholeSeconds(ttl) }),
    ...(certainty !== undefined && { certainty }),
    ...(copies !== undefined && { copies }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
}

/** An item never goes before its time. */
function wholeSeconds(ttl: number): number {
  return Math.ceil(ttl);
}

function textOf(key: string, value: Uint8Array): string {
  try {
    return decoder.decode(value);
  } catch {
    throw new TypeError(`${JSON.stringify(key)} holds bytes that are no text; getItemRaw reads them`);
  }
}

function bytesOf(key: string, value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (typeof value === "string") return encoder.encode(value);
  throw new TypeError(`the raw value of ${JSON.stringify(key)} is neither bytes nor text; setItem takes objects`);
}

/** Each as large as one batch may be, so that as many items as possible become visible at once. */
function* batchesOf(ops: readonly WriteOp[]): Generator<readonly WriteOp[]> {
  let [batch, bytes]: [WriteOp[], number] = [[], 0];
  for (const op of ops) {
    const size = 3 * op.key.length + (op.type === "put" ? op.value.length : 0) + 64;
    if (batch.length === batchMax.ops || (batch.length > 0 && bytes + size > batchMax.bytes)) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(op);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
