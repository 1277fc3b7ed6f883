/**
 * A local network of Linux network namespaces: one is the switch with a bridge, each other is a
 * host with one cable to it. Nothing outside these namespaces is touched. Needs root and ip(8).
 */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";

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

export class Lan {
  /** Short, for names of interfaces have at most 15 characters. */
  readonly #tag: string = `p2p${randomBytes(3).toString("hex")}`;
  readonly #namespaces: string[] = [];

  /** Returns the name of the host's namespace; its one cable is `eth0`, with the address. */
  addHost(address: string): string {
    if (this.#namespaces.length === 0) this.#addSwitch();
    const number = this.#namespaces.length;
    const name = this.#addNamespace(`${this.#tag}h${number}`);
    const [near, far] = [`${this.#tag}c${number}`, "eth0"];
    ip("link", "add", near, "netns", this.#switch, "type", "veth", "peer", "name", far, "netns", name);
    ip("-n", this.#switch, "link", "set", near, "master", "bridge0", "up");
    ip("-n", name, "address", "add", address, "dev", far);
    ip("-n", name, "link", "set", far, "up");
    return name;
  }

  /** Removes everything, whatever state it is in. Processes inside have to be ended before. */
  release(): void {
    for (const name of this.#namespaces.splice(0)) spawnSync("ip", ["netns", "delete", name]);
  }

  get #switch(): string {
    return `${this.#tag}sw`;
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
  const { status, stderr, error } = spawnSync("ip", parameters, { encoding: "utf8" });
  if (status !== 0) throw new Error(`ip ${parameters.join(" ")}: ${error?.message ?? stderr.trim()}`);
}
