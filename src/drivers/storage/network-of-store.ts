/** A store belongs to the network it was made for: its batches are signed for that network alone. */
import type { DatabaseSync } from "node:sqlite";
import type { NetworkId } from "../../base/brand.ts";
import { Fault } from "../../base/fault.ts";
import { storeDamaged } from "../../base/store-damaged.ts";

export interface NetworkOfStore {
  readonly id: NetworkId;
  readonly name: string;
}

/** Writes the network into a new store; throws `data_dir_unusable`, and closes it, where it is that of another. */
export function ensureNetwork(db: DatabaseSync, path: string, network: NetworkOfStore): void {
  const read = db.prepare("SELECT value FROM meta WHERE name = ?");
  const found = read.get("network_id")?.["value"];
  if (found === undefined) {
    if (read.get("network_name") !== undefined)
      throw storeDamaged("the store does not say any more of which network it is");
    db.prepare("INSERT INTO meta (name, value) VALUES ('network_name', ?), ('network_id', ?)").run(
      network.name,
      network.id,
    );
  } else if (found !== network.id) {
    const name = String(read.get("network_name")?.["value"]);
    db.close();
    throw new Fault(
      "data_dir_unusable",
      `${path} holds the data of another network (${JSON.stringify(name)}, ${String(found).slice(0, 16)}). Start with its --network and settings, or choose another --data-dir.`,
      { found, wanted: network.id },
    );
  }
}
