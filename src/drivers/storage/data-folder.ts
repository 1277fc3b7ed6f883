/**
 * The data folder of one node: its identity, its token, its store, and the lock that keeps a
 * second node out.
 *
 * The lock is an exclusive SQLite transaction on `lock`, so the system releases it when the
 * process ends, however it ends. The holder's process id stands in the file's header (user_version,
 * bytes 60-63; Source: https://sqlite.org/fileformat2.html#user_version_number), readable while locked.
 */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Bytes } from "../../base/bytes.ts";
import { fromHex, toHex } from "../../base/bytes.ts";
import { makeFolder } from "../system/make-folder.ts";
import { Fault } from "../../base/fault.ts";

export interface DataFolder {
  readonly path: string;
  readonly storePath: string;
  /** True when this start made the identity. */
  readonly fresh: boolean;
  /** 32-byte Ed25519 seed. */
  readonly identitySeed: Bytes;
  readonly apiToken: string;
  /** Lets the next start in. Idempotent. */
  release(): void;
}

/** Throws `data_dir_in_use` naming the holder, or `data_dir_unusable`. */
export function openDataFolder(path: string): DataFolder {
  try {
    for (const folder of [path, join(path, "store"), join(path, "logs")]) makeFolder(folder);
    if (!existsSync(join(path, ".gitignore"))) writeFileSync(join(path, ".gitignore"), "*\n"); // it holds secrets
  } catch (cause) {
    throw unusable(path, "cannot be created", cause);
  }
  const release = takeLock(path);
  try {
    const fresh = !existsSync(join(path, "identity.key"));
    const identitySeed = secret(join(path, "identity.key"), 32);
    return {
      path,
      storePath: join(path, "store", "data.sqlite"),
      fresh,
      identitySeed,
      apiToken: toHex(secret(join(path, "api-token"), 32)),
      release,
    };
  } catch (error) {
    release();
    throw error;
  }
}

/** Who holds the lock of a folder, in words; undefined where nobody does. Makes nothing and changes nothing. */
export function holderOfFolder(path: string): string | undefined {
  const file = join(path, "lock");
  if (!existsSync(file)) return undefined;
  const db = new DatabaseSync(file);
  try {
    db.exec("PRAGMA busy_timeout = 0; BEGIN IMMEDIATE; ROLLBACK");
    return undefined;
  } catch {
    return holderOf(file);
  } finally {
    db.close();
  }
}

function takeLock(path: string): () => void {
  const file = join(path, "lock");
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file);
    db.exec(
      `PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; PRAGMA user_version = ${process.pid}; BEGIN EXCLUSIVE`,
    );
  } catch (cause) {
    db?.close();
    if (!(cause instanceof Error && "errcode" in cause && cause.errcode === 5))
      throw unusable(file, "cannot be locked", cause);
    throw new Fault(
      "data_dir_in_use",
      `${path} is in use by ${holderOf(file)}. Stop it, or choose another --data-dir.`,
      { path },
      cause,
    );
  }
  const held = db;
  return () => {
    if (held.isOpen) held.close();
  };
}

function holderOf(file: string): string {
  const header = readFileSync(file);
  if (header.length < 64) return "another process that is just starting";
  const pid = header.readUInt32BE(60);
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").filter(Boolean).join(" ");
    return `process ${pid} (${command.slice(0, 120)})`;
  } catch {
    return `process ${pid}`; // not Linux, or it ended this moment: the number is all there is to say
  }
}

/** Reads a secret kept as hex, making it on first use; refuses one that others may read. */
function secret(file: string, length: number): Bytes {
  if (!existsSync(file))
    writeFileSync(file, `${randomBytes(length).toString("hex")}\n`, { mode: 0o600, flag: "wx", flush: true });
  const mode = statSync(file).mode & 0o777;
  if ((mode & 0o077) !== 0)
    throw new Fault(
      "data_dir_unusable",
      `${file} can be read by others (mode ${mode.toString(8)}). Run: chmod 600 ${file}`,
      { path: file },
    );
  const bytes = fromHex(readFileSync(file, "utf8").trim());
  if (bytes === undefined || bytes.length !== length)
    throw new Fault(
      "data_dir_unusable",
      `${file} is not ${length} bytes of hex. Restore it from a backup; without it this node has another identity.`,
      { path: file },
    );
  return bytes;
}

function unusable(path: string, what: string, cause: unknown): Fault {
  return new Fault(
    "data_dir_unusable",
    `${path} ${what}: ${cause instanceof Error ? cause.message : String(cause)}`,
    { path },
    cause,
  );
}
