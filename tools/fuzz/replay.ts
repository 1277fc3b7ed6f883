/** Runs one kept input again and says what comes of it. */
import { readHex } from "./corpus.ts";
import { examine } from "./examine.ts";
import type { Target } from "./target.ts";

export async function replay(target: Target, path: string): Promise<number> {
  const { outcome, fault } = await examine(target, readHex(path));
  console.log(`${target.name}: ${fault === undefined ? `${outcome}, as it should be` : `BROKEN: ${fault}`}`);
  return fault === undefined ? 0 : 1;
}
