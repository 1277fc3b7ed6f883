/** The store that the variants share, opened as the product opens it. */
import type { NetworkId } from "../../src/base/brand.ts";
import { openSqliteStore } from "../../src/drivers/storage/sqlite-store.ts";
import type { Store } from "../../src/ports/store.ts";

export const benchNetwork: NetworkId = "ab".repeat(32) as NetworkId;
/** Source: the product's default. */
export const cacheMiB = 64;

export function openBenchStore(path: string): Store {
  return openSqliteStore({ path, durability: "strict", cacheMiB, network: { id: benchNetwork, name: "bench" } });
}
