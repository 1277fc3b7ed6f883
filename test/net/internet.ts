/**
 * A small internet of network namespaces: hosts with public addresses on one bridge, and homes, each
 * a router that masquerades and one host behind it that nobody outside can dial. Nothing outside these
 * namespaces is touched. Needs root, ip(8) and nft(8).
 *
 * The addresses are public ones, for libp2p and this project treat private ones in another way; each
 * host has a /16 of its own, since places for links are limited by neighbourhood.
 */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { missingForLan } from "./lan.ts";
import { run } from "./run.ts";

/** What is missing for an `Internet`, or undefined. */
export function missingForInternet(): string | undefined {
  const missing = missingForLan();
  if (missing !== undefined) return missing;
  const internet = new Internet();
  try {
    internet.addHome();
    return undefined;
  } catch (error) {
    return `needs routers in network namespaces: ${(error as Error).message}`;
  } finally {
    internet.release();
  }
}

export interface Home {
  /** Namespaces. */
  readonly host: string;
  readonly router: string;
  /** The router's, by which the host is seen outside. */
  readonly outerAddress: string;
  readonly hostAddress: string;
}

export class Internet {
  /** Short, for names of interfaces have at most 15 characters. */
  readonly #tag: string = `nat${randomBytes(3).toString("hex")}`;
  readonly #namespaces: string[] = [];
  #sites = 0;

  /** A host with a public address; returns its namespace and address. */
  addHost(): { readonly host: string; readonly address: string } {
    const [site, address] = this.#nextSite();
    const host = this.#addNamespace(`h${site}`);
    this.#connect(host, "eth0", site, `${address}/8`);
    return { host, address };
  }

  addHome(): Home {
    const [site, outerAddress] = this.#nextSite();
    const [router, host] = [this.#addNamespace(`r${site}`), this.#addNamespace(`h${site}`)];
    this.#connect(router, "wan", site, `${outerAddress}/8`);
    const [inner, hostAddress] = [`192.168.${site}.1`, `192.168.${site}.2`];
    ip("link", "add", "lan", "netns", router, "type", "veth", "peer", "name", "eth0", "netns", host);
    ip("-n", router, "address", "add", `${inner}/24`, "dev", "lan");
    ip("-n", router, "link", "set", "lan", "up");
    ip("-n", host, "address", "add", `${hostAddress}/24`, "dev", "eth0");
    ip("-n", host, "link", "set", "eth0", "up");
    ip("-n", host, "route", "add", "default", "via", inner);
    inside(router, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward");
    inside(router, "nft", masquerading);
    return { host, router, outerAddress, hostAddress };
  }

  /** Removes everything, whatever state it is in. Processes inside have to be ended before. */
  release(): void {
    for (const name of this.#namespaces.splice(0)) spawnSync("ip", ["netns", "delete", name]);
  }

  #nextSite(): readonly [number, string] {
    if (this.#sites === 0) {
      this.#addNamespace("sw");
      ip("-n", `${this.#tag}sw`, "link", "add", "bridge0", "type", "bridge");
      ip("-n", `${this.#tag}sw`, "link", "set", "bridge0", "up");
    }
    this.#sites += 1;
    return [this.#sites, `11.${this.#sites}.0.1`];
  }

  #connect(namespace: string, name: string, site: number, address: string): void {
    const [sw, near] = [`${this.#tag}sw`, `c${site}`];
    ip("link", "add", near, "netns", sw, "type", "veth", "peer", "name", name, "netns", namespace);
    ip("-n", sw, "link", "set", near, "master", "bridge0", "up");
    ip("-n", namespace, "address", "add", address, "dev", name);
    ip("-n", namespace, "link", "set", name, "up");
  }

  #addNamespace(suffix: string): string {
    const name = `${this.#tag}${suffix}`;
    ip("netns", "add", name);
    this.#namespaces.push(name);
    ip("-n", name, "link", "set", "lo", "up");
    return name;
  }
}

/** As a home router does: out goes everything under its own address, in comes only what answers. */
const masquerading = `
table ip nat {
  chain out { type nat hook postrouting priority srcnat; oifname "wan" masquerade; }
}
table ip filter {
  chain input {
    type filter hook input priority filter; policy accept;
    iifname "wan" ct state new drop
  }
  chain forward {
    type filter hook forward priority filter; policy drop;
    iifname "lan" accept
    ct state established,related accept
    ct status dnat accept
  }
}`;

export function inside(namespace: string, ...command: readonly string[]): void {
  run("ip", ["netns", "exec", namespace, ...command]);
}

function ip(...parameters: string[]): void {
  run("ip", parameters);
}
