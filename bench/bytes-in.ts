/** What the files below a folder take on disk, by their lengths. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

export function bytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
