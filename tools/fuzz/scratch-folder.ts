/** A folder for readers that insist on files; in memory where the machine has such a place, and gone with the process. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let folder: string | undefined;

export function scratchFolder(): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "p2p-sync-fuzz-"));
    process.once("exit", () => rmSync(made, { recursive: true, force: true }));
    folder = made;
  }
  return folder;
}
