/** What a diagnosis stands on. A part that could not be looked at is undefined, never made up. */
import type { AddressFamily } from "../../base/address-family.ts";
import type { MdnsHealth } from "../../drivers/libp2p/mdns-health.ts";
import type { DiskLook } from "../../drivers/system/disk-look.ts";
import type { NetworkLook } from "../../drivers/system/network-look.ts";
import type { Explanation, LimitStatus } from "../facade.ts";
import type { Reach } from "../netcheck.ts";

export interface DoctorFacts {
  readonly process: ProcessFacts;
  readonly node: NodeFacts;
  /** Mistakes in the configuration, one a line; the rest is undefined then. */
  readonly configProblems: readonly string[];
  readonly folder: FolderFacts | undefined;
  readonly disk: DiskLook | undefined;
  /** Known to a running node only. */
  readonly limits: readonly LimitStatus[] | undefined;
  readonly ports: readonly PortFacts[] | undefined;
  readonly network: NetworkFacts | undefined;
  readonly discovery: DiscoveryFacts | undefined;
  readonly peers: readonly PeerFacts[] | undefined;
  readonly clock: ClockFacts | undefined;
  /** Rules of the packet filter that drop what this node needs, as it writes them. */
  readonly firewall: readonly FirewallRule[];
}

export interface ProcessFacts {
  /** Of Node.js, such as `v24.21.0`; one that is too old does not get as far as this. */
  readonly nodeVersion: string;
  readonly programVersion: string;
  readonly platform: string;
}

export type NodeFacts =
  | { readonly type: "running"; readonly pid: number; readonly upSeconds: number }
  | { readonly type: "absent" }
  /** Its traces are in the folder, and it does not run. */
  | { readonly type: "died" }
  /** It holds the folder and does not answer. */
  | { readonly type: "silent"; readonly holder: string; readonly error: string };

export interface FolderFacts {
  readonly path: string;
  readonly exists: boolean;
  /** Why it cannot be used; undefined where it can. */
  readonly trouble: string | undefined;
  /** Layout of its store and the newest this program knows, where it is a later one. */
  readonly newer: { readonly version: number; readonly known: number } | undefined;
}

export interface PortFacts {
  readonly what: "p2p" | "http";
  readonly protocol: "tcp" | "udp";
  readonly host: string;
  readonly port: number;
  readonly state: PortState;
  /** The program on it, where another holds it and it can be found out. */
  readonly holder?: string | undefined;
}

export type PortState = "free" | "own" | "held" | "forbidden" | "noSuchAddress";

export interface NetworkFacts {
  readonly look: NetworkLook;
  readonly family: AddressFamily;
  /** Listens on loopback addresses only, so the rest of the world does not matter. */
  readonly loopbackOnly: boolean;
  /** Links it may have. */
  readonly linksMax: number;
  /** Known to a running node only. */
  readonly reach: Reach | undefined;
}

export interface DiscoveryFacts {
  readonly mdns: MdnsHealth;
  /** Peers that are linked. */
  readonly linked: number;
}

export interface PeerFacts {
  readonly address: string;
  /** What a running node says of it, or a bare attempt to connect. */
  readonly why: Pick<Explanation, "cause" | "conclusion" | "next">;
}

export interface ClockFacts {
  /** This clock minus the peers' median; undefined with fewer than three peers. */
  readonly offsetMs: number | undefined;
  /** Writes are refused for it. */
  readonly doubted: boolean;
}

export interface FirewallRule {
  /** `table chain`. */
  readonly place: string;
  readonly rule: string;
  /** The port it names; undefined where it drops whatever no other rule lets through. */
  readonly port: number | undefined;
}
