/**
 * The Merkle trie alone, in a process of its own (`trie-worker.ts`): how fast it takes changes, how
 * long the first root takes, how fast it opens from the pages in SQLite, and what it weighs.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { type Figure, type Item, repeated } from "../figure.ts";
import type { Built, Opened } from "../trie-worker.ts";

const workerFile = fileURLToPath(new URL("../trie-worker.ts", import.meta.url));

export const trie: Item = {
  name: "trie",
  async run(bench) {
    const { trieEntries } = bench.sizes;
    const found = await repeated(bench, `a trie of ${trieEntries} entries`, async (label) => {
      await using fleet = bench.newFleet();
      bench.progress.begin(label);
      const path = join(fleet.newFolder(), "trie.db");
      const built = await ran<Built>("build", trieEntries, path);
      return { ...built, ...(await ran<Opened>("open", trieEntries, path)) };
    });
    const figure = (name: string, unit: string, samples: readonly number[], target?: number): Figure => ({
      name: `trie of ${trieEntries}: ${name}`,
      unit,
      better: unit === "/s" ? "higher" : "lower",
      samples,
      target,
    });
    return [
      figure("changes in batches of 1,000", "/s", found.changesPerSecond, 100_000),
      figure("the same, with the root once per 100,000", "/s", found.withRootPerSecond, 100_000),
      figure("processor time of 100,000 changes and their root", "ms", found.cpuMs),
      figure("the root after 100,000 changes", "ms", found.rootMs),
      figure("the same, pages written back meanwhile", "/s", found.writtenPerSecond),
      figure("entries set into an empty one", "/s", found.setPerSecond),
      figure("first root", "ms", found.coldRootMs),
      figure("opened from pages on disk, with its root", "ms", found.openMs),
      figure("all pages read once", "ms", found.readMs),
      figure("resident memory when filled", "MB", found.memoryMb),
      figure("resident memory when opened", "MB", found.openMb),
      figure("resident memory when all pages were read", "MB", found.readMb),
    ];
  },
};

async function ran<Found>(way: "build" | "open", entries: number, path: string): Promise<Found> {
  const { stdout } = await promisify(execFile)(process.execPath, [workerFile, way, String(entries), path]);
  return JSON.parse(stdout) as Found;
}
