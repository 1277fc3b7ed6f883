/**
 * The identity of a node that does not run: made where the folder has none yet, so that others can
 * be told its peer id before its first start.
 */
import type { PeerId } from "../base/brand.ts";
import { peerIdOf } from "../codec/peer-id.ts";
import { ed25519Signer } from "../crypto/ed25519.ts";
import { openDataFolder } from "../drivers/storage/data-folder.ts";

export interface Identity {
  readonly peer: PeerId;
  readonly apiToken: string;
}

/** Throws `data_dir_in_use` or `data_dir_unusable`; nothing is held afterwards. */
export function identityIn(dataDir: string): Identity {
  const folder = openDataFolder(dataDir);
  try {
    return { peer: peerIdOf(ed25519Signer(folder.identitySeed).author), apiToken: folder.apiToken };
  } finally {
    folder.release();
  }
}
