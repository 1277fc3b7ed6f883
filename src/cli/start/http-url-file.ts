/**
 * The address of the running node's API in its data folder, for the other commands to find.
 */
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "../../base/fault.ts";
import { urlFileName } from "../target.ts";

/** Appears whole or not at all. */
export async function writeUrlFile(dataDir: string, url: string): Promise<void> {
  const file = join(dataDir, urlFileName);
  try {
    await writeFile(`${file}.new`, `${url}\n`, { mode: 0o600 });
    await rename(`${file}.new`, file);
  } catch (error) {
    throw new Fault("data_dir_unusable", `${file} cannot be written: ${(error as Error).message}.`, { file }, error);
  }
}

/** Leaves the file alone where it is another node's by now. */
export async function removeUrlFile(dataDir: string, url: string): Promise<void> {
  const file = join(dataDir, urlFileName);
  const text = await readFile(file, "utf8").catch(() => "");
  if (text.trim() === url) await rm(file, { force: true });
}
