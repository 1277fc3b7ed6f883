/**
 * Makes a folder and its missing parents, one at a time, so that the first one that cannot be made
 * is named. (The recursive form of Node 24 never returns where the system refuses a parent in a
 * way it does not expect, as below /proc.)
 */
import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** Throws the system's error of the first folder that cannot be made. New folders are for the owner alone. */
export function makeFolder(path: string): void {
  const missing: string[] = [];
  for (let at = path; !isFolder(at); at = dirname(at)) {
    missing.push(at);
    if (at === dirname(at)) break;
  }
  for (const folder of missing.reverse()) mkdirSync(folder, { mode: 0o700 });
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
