/** The program's version, from its package file: the one place it is written. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const programVersion: string = readVersion(dirname(fileURLToPath(import.meta.url)));

/** The package file lies above the sources as above the built files, not always equally far. */
function readVersion(folder: string): string {
  for (let at = folder; at !== dirname(at); at = dirname(at)) {
    try {
      const { name, version } = JSON.parse(readFileSync(join(at, "package.json"), "utf8")) as {
        name: string;
        version: string;
      };
      if (name === "p2p-sync") return version;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    }
  }
  throw new Error("package.json of p2p-sync is missing beside the program");
}
