/**
 * How much is free on the disk of a folder, and how long that disk takes to make something durable, tried with a
 * small file of its own. Nothing here rejects: what cannot be known is undefined.
 */
import { randomBytes } from "node:crypto";
import { open, rm, statfs } from "node:fs/promises";
import { join } from "node:path";

export interface DiskLook {
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** Median time of one sync; undefined where nothing can be written there. */
  readonly syncMs: number | undefined;
}

/** Syncs that are timed. Guess: a median of as many is steady, and a usual disk is done in 10 ms. */
const syncs = 7;
/** After that no more of them are begun, in ms. Guess: what somebody who asks still waits for. */
const tryingMsMax = 3_000;
/** A page of SQLite. Source: https://sqlite.org/pragma.html#pragma_page_size */
const writtenBytes = 4_096;

export async function lookAtDisk(folder: string): Promise<DiskLook | undefined> {
  const space = await statfs(folder).catch(() => undefined);
  if (space === undefined) return undefined;
  const { bavail, blocks, bsize } = space;
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize, syncMs: await timeSyncs(folder) };
}

async function timeSyncs(folder: string): Promise<number | undefined> {
  const path = join(folder, `.sync-${randomBytes(6).toString("hex")}`);
  const file = await open(path, "wx", 0o600).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const times: number[] = [];
    const deadline = performance.now() + tryingMsMax;
    for (let i = 0; i < syncs && performance.now() < deadline; i++) {
      await file.write(Buffer.alloc(writtenBytes, i), 0, writtenBytes, i * writtenBytes);
      const began = performance.now();
      await file.sync();
      times.push(performance.now() - began);
    }
    return times.toSorted((a, b) => a - b)[times.length >> 1];
  } catch {
    return undefined; // a full disk: its free space tells
  } finally {
    await file.close();
    await rm(path, { force: true });
  }
}
