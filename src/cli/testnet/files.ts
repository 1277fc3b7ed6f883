/**
 * The folder of a testnet: where everything lies, and what is remembered between two commands.
 *
 *   modular-node1.toml   a whole configuration, good for `p2p-sync start --config` as well
 *   data/node1           identity, token, store
 *   logs/node1.log       its log, and what the process says on both outputs
 *   run/node1.pid        of the process that was started last
 *   testnet.json         nodes, ports, wishes
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PeerId } from "../../base/brand.ts";
import { Fault } from "../../base/fault.ts";
import type { NetnsRecord } from "./netns.ts";
import type { Wishes } from "./wishes.ts";

export interface NodeRecord {
  readonly number: number;
  readonly peer: PeerId;
  readonly p2p: number;
  readonly http: number;
  /** Address it listens on and is dialed at. */
  readonly host: string;
}

export interface TestnetRecord {
  readonly layout: 1;
  readonly network: string;
  /** Settings beside the usual ones, by key, in words. */
  readonly settings: Readonly<Record<string, string>>;
  /** Whether each node has a network namespace of its own, and what their names begin with. */
  readonly netns: NetnsRecord | null;
  readonly bases: { readonly p2p: number; readonly http: number };
  readonly nodes: readonly NodeRecord[];
  readonly wishes: Wishes;
}

export const configFileOf = (dir: string, node: number): string => join(dir, `modular-node${node}.toml`);
export const dataDirOf = (dir: string, node: number): string => join(dir, "data", `node${node}`);
export const logFileOf = (dir: string, node: number): string => join(dir, "logs", `node${node}.log`);
export const pidFileOf = (dir: string, node: number): string => join(dir, "run", `node${node}.pid`);
export const recordFileOf = (dir: string): string => join(dir, "testnet.json");
/** What a testnet makes in its folder beside the files of each node. */
export const folders = ["data", "logs", "run"] as const;

/** Undefined where there is no testnet. Throws `data_dir_unusable` where there is one that cannot be read. */
export function readRecord(dir: string): TestnetRecord | undefined {
  const file = recordFileOf(dir);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new Fault("data_dir_unusable", `${file} cannot be read: ${(error as Error).message}.`, { file }, error);
  }
  try {
    const record = JSON.parse(text) as TestnetRecord;
    if (record.layout === 1) return record;
    throw new Error(`it has layout ${String(record.layout)}; this program knows layout 1`);
  } catch (error) {
    const message = `${file} is not the record of a testnet: ${(error as Error).message}. Remove the folder and start again.`;
    throw new Fault("data_dir_unusable", message, { file }, error);
  }
}

/** Appears whole or not at all. */
export function writeRecord(dir: string, record: TestnetRecord): void {
  const file = recordFileOf(dir);
  writeFileSync(`${file}.new`, `${JSON.stringify(record, undefined, 2)}\n`);
  renameSync(`${file}.new`, file);
}
