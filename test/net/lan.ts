/**
 * A local network of Linux network namespaces: one is the switch with a bridge, each other is a
 * host with one cable to it. Nothing outside these namespaces is touched. Needs root and ip(8);
 * for packets that get lost, also nft(8) or tc(8).
 */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { FaultsByNft, FaultsByTc, type LanFaults, type PacketFaults, type Switch } from "./packet-faults.ts";
import { run } from "./run.ts";

/** What is missing for a `Lan`, or undefined. */
export function missingForLan(): string | undefined {
  if (process.platform !== "linux") return "needs Linux";
  if (process.getuid?.() !== 0) return "needs root";
  if (spawnSync("ip", ["-Version"]).error !== undefined) return "needs the program ip (iproute2)";
  const lan = new Lan();
  try {
    lan.addHost("10.77.0.1/24");
    return undefined;
  } catch (error) {
    return `needs the right to make network namespaces: ${(error as Error).message}`;
  } finally {
    lan.release();
  }
}

/** A way to lose packets that works here. */
interface Way {
  readonly program: "nft" | "tc";
  make(): PacketFaults;
}

const ways: readonly Way[] = [
  { program: "nft", make: () => new FaultsByNft() },
  { program: "tc", make: () => new FaultsByTc() },
];
let foundWay: Way | string | undefined;

/** The first way to lose packets that works here, or what is missing. */
export function wayOfFaults(): Way | string {
  foundWay ??= missingForLan() ?? ways.find(works) ?? "needs packet filters by nft(8) or tc(8)";
  return foundWay;
}

/** What is missing for the faults of a `Lan`, or undefined. */
export function missingForFaults(): string | undefined {
  const way = wayOfFaults();
  return typeof way === "string" ? way : undefined;
}

function works({ make }: Way): boolean {
  const lan = new Lan(make());
  try {
    lan.addHost("10.77.0.1/24");
    lan.addHost("10.77.0.2/24");
    lan.setFaults({ cuts: [{ from: 1, to: 2 }], lostPercent: 5 });
    return lan.lostPackets() >= 0;
  } catch {
    return false; // the next way is tried, and if none works the caller says what is needed
  } finally {
    lan.release();
  }
}

export class Lan {
  /** Short, for names of interfaces have at most 15 characters. */
  readonly #tag: string = `p2p${randomBytes(3).toString("hex")}`;
  readonly #namespaces: string[] = [];
  /** Addresses of the hosts, without the length of the network. */
  readonly #addresses: string[] = [];
  readonly #faults: PacketFaults | undefined;

  /** `faults` is how it loses packets, if it is to lose any. */
  constructor(faults?: PacketFaults) {
    this.#faults = faults;
  }

  /** Returns the name of the host's namespace; its one cable is `eth0`, with the address. */
  addHost(address: string): string {
    if (this.#namespaces.length === 0) this.#addSwitch();
    const number = this.#namespaces.length;
    const name = this.#addNamespace(`${this.#tag}h${number}`);
    const [near, far] = [this.#cableTo(number), "eth0"];
    ip("link", "add", near, "netns", this.#switch, "type", "veth", "peer", "name", far, "netns", name);
    ip("-n", this.#switch, "link", "set", near, "master", "bridge0", "up");
    const isKnownFree = address.includes(":") ? ["nodad"] : []; // nobody else is on this network
    ip("-n", name, "address", "add", address, "dev", far, ...isKnownFree);
    ip("-n", name, "link", "set", far, "gso_max_segs", "1", "up"); // packets as on a wire, to be lost one by one
    this.#addresses.push(address.replace(/\/.*/, ""));
    return name;
  }

  /** Puts these faults, and no others, in force. */
  setFaults(faults: LanFaults): void {
    this.#faults?.put(this.#at, faults);
  }

  /** Packets that faults have taken so far. */
  lostPackets(): number {
    return this.#faults?.lost(this.#at) ?? 0;
  }

  /** Removes everything, whatever state it is in. Processes inside have to be ended before. */
  release(): void {
    for (const name of this.#namespaces.splice(0)) spawnSync("ip", ["netns", "delete", name]);
  }

  get #switch(): string {
    return `${this.#tag}sw`;
  }

  #cableTo(host: number): string {
    return `${this.#tag}c${host}`;
  }

  get #at(): Switch {
    const hosts = this.#addresses.map((address, index) => ({ address, cable: this.#cableTo(index + 1) }));
    return { namespace: this.#switch, hosts };
  }

  #addSwitch(): void {
    this.#addNamespace(this.#switch);
    ip("-n", this.#switch, "link", "add", "bridge0", "type", "bridge", "mcast_snooping", "0");
    ip("-n", this.#switch, "link", "set", "bridge0", "up");
  }

  #addNamespace(name: string): string {
    ip("netns", "add", name);
    this.#namespaces.push(name);
    ip("-n", name, "link", "set", "lo", "up");
    return name;
  }
}

function ip(...parameters: string[]): void {
  run("ip", parameters);
}
