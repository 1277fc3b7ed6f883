/**
 * Two sites behind routers, and a node on the internet between them. Each router translates addresses and forwards
 * one port to one host. Nodes of a site find each other by multicast DNS; sites know each other by the outer
 * address that the node behind the forwarded port announces, and by peers named by hand.
 *
 *     192.168.1.11, .12 ─ router 20.1.0.1 ─┐
 *                                          ├─ internet ─ 20.3.0.1
 *     192.168.2.11 ────── router 20.2.0.1 ─┘
 */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { Nursery, type StartOptions } from "../support/real-node.ts";
import { AtHost } from "./at-host.ts";
import { run } from "./run.ts";

export interface SitesReport {
  /** Where the node on the internet is linked with the node of the first site, whose address it was told. */
  readonly told: string;
  /** What the node behind the first forwarded port says of being reached from outside. */
  readonly reach: string;
  readonly keysReadEverywhere: number;
}

/** Throws what did not hold; leaves no namespace and no process. */
export async function hybridSites(): Promise<SitesReport> {
  const net = new SitesNet();
  const nursery = new Nursery();
  nursery.beforeRemoval(() => net.release());
  try {
    const [one, two] = [net.addSite(1, "20.1.0.1", 2), net.addSite(2, "20.2.0.1", 1)];
    const internet = net.addInternetHost("20.3.0.1");
    const [first, second, third] = [...one, ...two] as [string, string, string];
    const announcing = (address: string): Partial<StartOptions> => ({
      mdns: true,
      flags: ["--announce", `/ip4/${address}/tcp/4001`],
    });
    const announced = await AtHost.start(nursery, "announced", first, {
      ...announcing("20.1.0.1"),
      environment: { P2P_SYNC_PEERS_OUTBOUND: "0" }, // so that a link with it proves that its announced address was dialed
    });
    const onLan = await AtHost.start(nursery, "on its lan", second, { mdns: true });
    const other = await AtHost.start(nursery, "other site", third, {
      ...announcing("20.2.0.1"),
      dial: ["/ip4/20.1.0.1/tcp/4001"],
    });
    const outside = await AtHost.start(nursery, "internet", internet, { dial: ["/ip4/20.2.0.1/tcp/4001"] });
    const all = [announced, onLan, other, outside];
    await Promise.all([
      onLan.untilLinkedWith(announced),
      other.untilLinkedWith(announced),
      outside.untilLinkedWith(other),
    ]);
    const [told = ""] = await outside.untilLinkedWith(announced);
    await Promise.all(all.map((each) => each.put(`from ${each.name}`, "spread")));
    await Promise.all(all.flatMap((reader) => all.map(({ name }) => reader.untilReads(`from ${name}`, "spread"))));
    const { reach } = JSON.parse((await announced.say("netcheck", "--json")).stdout) as {
      readonly reach: { readonly verdict: string };
    };
    return { told, reach: reach.verdict, keysReadEverywhere: all.length };
  } finally {
    await nursery.end();
  }
}

/** What is missing for routers that translate addresses, or undefined. */
export function missingForSites(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "needs root on Linux";
  if (spawnSync("ip", ["-Version"]).error !== undefined) return "needs the program ip (iproute2)";
  const net = new SitesNet();
  try {
    net.addSite(1, "20.1.0.1", 1);
    return undefined;
  } catch (error) {
    return `needs namespaces, and nft(8) that translates addresses: ${(error as Error).message}`;
  } finally {
    net.release();
  }
}

class SitesNet {
  /** Short, for names of interfaces have at most 15 characters. */
  readonly #tag: string = `p2p${randomBytes(3).toString("hex")}`;
  readonly #namespaces: string[] = [];
  #cables = 0;

  constructor() {
    this.#addBridge(this.#internet);
  }

  /** Returns the namespaces of its hosts, 192.168.SITE.11 and on; the outer port 4001 leads to the first. */
  addSite(site: number, outer: string, hosts: number): readonly string[] {
    const router = `${this.#tag}r${site}`;
    this.#addBridge(router);
    this.#cable(router, "outer", this.#internet, `${outer}/8`);
    ip("-n", router, "address", "add", `192.168.${site}.1/24`, "dev", "bridge0");
    run("ip", ["netns", "exec", router, "sysctl", "-qw", "net.ipv4.ip_forward=1"]);
    run("ip", ["netns", "exec", router, "nft", "-f", "-"], rulesOf(site));
    return Array.from({ length: hosts }, (_, n) => {
      const host = `${router}h${n}`;
      this.#addNamespace(host);
      this.#cable(host, "eth0", router, `192.168.${site}.${11 + n}/24`);
      ip("-n", host, "route", "add", "default", "via", `192.168.${site}.1`);
      return host;
    });
  }

  addInternetHost(address: string): string {
    const host = `${this.#tag}i`;
    this.#addNamespace(host);
    this.#cable(host, "eth0", this.#internet, `${address}/8`);
    return host;
  }

  release(): void {
    for (const name of this.#namespaces.splice(0)) spawnSync("ip", ["netns", "delete", name]);
  }

  get #internet(): string {
    return `${this.#tag}net`;
  }

  #addBridge(namespace: string): void {
    this.#addNamespace(namespace);
    ip("-n", namespace, "link", "add", "bridge0", "type", "bridge", "mcast_snooping", "0");
    ip("-n", namespace, "link", "set", "bridge0", "up");
  }

  #cable(namespace: string, device: string, bridge: string, address: string): void {
    const far = `${this.#tag}c${++this.#cables}`;
    ip("-n", bridge, "link", "add", far, "type", "veth", "peer", "name", device, "netns", namespace);
    ip("-n", bridge, "link", "set", far, "master", "bridge0", "up");
    ip("-n", namespace, "address", "add", address, "dev", device);
    ip("-n", namespace, "link", "set", device, "up");
  }

  #addNamespace(name: string): void {
    ip("netns", "add", name);
    this.#namespaces.push(name);
    ip("-n", name, "link", "set", "lo", "up");
  }
}

/** As a router at home: what goes out comes from its own address; of what comes in, one port is let through. */
function rulesOf(site: number): string {
  return `table ip nat {
    chain in { type nat hook prerouting priority dstnat; iifname "outer" tcp dport 4001 dnat to 192.168.${site}.11; }
    chain out { type nat hook postrouting priority srcnat; oifname "outer" masquerade; }
  }
  table ip filter {
    chain forward {
      type filter hook forward priority filter; policy drop;
      ct state established,related accept
      iifname "bridge0" accept
      ct status dnat accept
    }
  }
`;
}

function ip(...parameters: string[]): void {
  run("ip", parameters);
}
