/**
 * What mDNS did, in counts that tell trouble from silence. Whatever is sent to a group comes back to the sender as
 * well: who does not hear even itself is blocked on this machine; who hears only itself is alone, or cut off.
 */
import type { Instant } from "../../base/brand.ts";
import { mdnsNetworksMax } from "./limits.ts";

/** One interface and family. */
export interface MdnsPlaceHealth {
  readonly interface: string;
  readonly family: "v4" | "v6";
  readonly loopback: boolean;
  readonly sent: number;
  /** Our own announcements, heard. */
  readonly echoes: number;
  /** Announcements of others, of whatever network. */
  readonly heard: number;
  readonly lastHeardAt: Instant | undefined;
  /** Why it cannot send, or hear. */
  readonly failure: string | undefined;
}

export interface MdnsHealth {
  readonly enabled: boolean;
  readonly places: readonly MdnsPlaceHealth[];
  /** Nodes of other networks, and the names of those networks. */
  readonly otherNetworks: { readonly nodes: number; readonly names: readonly string[] };
}

/** Nothing was seen where nothing was looked at. */
export const mdnsOff: MdnsHealth = { enabled: false, places: [], otherNetworks: { nodes: 0, names: [] } };

/** The counts of one place, while they grow. */
export class PlaceCounts {
  sent = 0;
  echoes = 0;
  heard = 0;
  lastHeardAt: Instant | undefined;
  failure: string | undefined;
}

/** Names of other networks, as many as are kept. */
export class OtherNetworks {
  readonly #names = new Set<string>();

  get names(): readonly string[] {
    return [...this.#names];
  }

  add(name: string): void {
    if (this.#names.size < mdnsNetworksMax) this.#names.add(name);
  }
}
