/**
 * Packets that a switch loses, and nobody is told: by nftables at its bridge where nft(8) is there,
 * else by tc(8) on its cables. Which packets a lossy switch loses is drawn by the kernel, not by a seed.
 */
import { run } from "./run.ts";

/** What the switch does with packets beside delivering them. */
export interface LanFaults {
  /** Hosts, counted from 1: nothing of `from` reaches `to`; the other way is another cut. */
  readonly cuts?: readonly { readonly from: number; readonly to: number }[];
  /** Of 100 packets on the way to each host. */
  readonly lostPercent?: number;
}

/** The namespace of a switch, and its hosts in their order. */
export interface Switch {
  readonly namespace: string;
  readonly hosts: readonly { readonly address: string; readonly cable: string }[];
}

export interface PacketFaults {
  /** Puts these faults, and no others, in force. */
  put(at: Switch, faults: LanFaults): void;
  /** Packets that faults have taken so far. */
  lost(at: Switch): number;
}

/** Rules at the bridge, all in one step. Source: nft(8). */
export class FaultsByNft implements PacketFaults {
  put(at: Switch, { cuts = [], lostPercent = 0 }: LanFaults): void {
    const rule = (match: string): string => `add rule bridge faults way ${match} counter name lost drop`;
    const address = (host: number): string => at.hosts[host - 1]?.address ?? "";
    const lines = [
      "add table bridge faults",
      "add counter bridge faults lost",
      "add chain bridge faults way { type filter hook forward priority 0; policy accept; }",
      "flush chain bridge faults way",
      ...cuts.map(({ from, to }) => rule(`ip saddr ${address(from)} ip daddr ${address(to)}`)),
      ...(lostPercent > 0 ? [rule(`numgen random mod 10000 < ${Math.round(lostPercent * 100)}`)] : []),
    ];
    nft(at, ["-f", "-"], `${lines.join("\n")}\n`);
  }

  lost(at: Switch): number {
    const { nftables } = JSON.parse(nft(at, ["-j", "list", "counters"])) as {
      readonly nftables: readonly { readonly counter?: { readonly packets: number } }[];
    };
    return nftables.find(({ counter }) => counter !== undefined)?.counter?.packets ?? 0;
  }
}

/**
 * Filters where the switch would send packets down a cable, with the kernel's u32 and bpf. They redirect
 * to a cable that ends nowhere, which also works where the kernel has no action that drops.
 */
export class FaultsByTc implements PacketFaults {
  #hasNowhere = false;

  put(at: Switch, { cuts = [], lostPercent = 0 }: LanFaults): void {
    this.#addNowhere(at);
    const loss = "action mirred egress redirect dev nowhere";
    const lines = at.hosts.flatMap(({ cable }, index) => {
      const cut = cuts.filter(({ to }) => to === index + 1).map(({ from }) => at.hosts[from - 1]?.address);
      const filter = `filter add dev ${cable} egress`;
      return [
        `qdisc replace dev ${cable} clsact`,
        `filter del dev ${cable} egress`,
        ...cut.map((source) => `${filter} protocol ip pref 1 u32 match ip src ${source}/32 ${loss}`),
        ...(lostPercent > 0 ? [`${filter} pref 2 bpf bytecode ${matching(lostPercent)} ${loss}`] : []),
      ];
    });
    run("tc", ["-n", at.namespace, "-batch", "-"], `${lines.join("\n")}\n`);
  }

  lost(at: Switch): number {
    if (!this.#hasNowhere) return 0;
    const [link] = JSON.parse(run("ip", ["-n", at.namespace, "-s", "-j", "link", "show", "dev", "nowhere"])) as [
      { readonly stats64: { readonly tx: { readonly packets: number } } },
    ];
    return link.stats64.tx.packets;
  }

  /** A cable whose far end belongs to nobody: what arrives there is for another's address, and is forgotten. */
  #addNowhere({ namespace }: Switch): void {
    if (this.#hasNowhere) return;
    this.#hasNowhere = true;
    run("ip", ["-n", namespace, "link", "add", "nowhere", "type", "veth", "peer", "name", "void"]);
    for (const end of ["nowhere", "void"]) run("ip", ["-n", namespace, "link", "set", end, "up"]);
  }
}

function nft({ namespace }: Switch, parameters: readonly string[], input = ""): string {
  return run("ip", ["netns", "exec", namespace, "nft", ...parameters], input);
}

/**
 * A program of the classic packet filter that picks packets at random, as tc-bpf(8) wants it: load a random
 * number of 32 bits, match from a threshold on. Source: linux/filter.h; SKF_AD_OFF + SKF_AD_RANDOM is −4040.
 */
function matching(percent: number): string {
  const threshold = Math.round((1 - percent / 100) * 2 ** 32);
  return `'4,32 0 0 ${2 ** 32 - 4_040},53 0 1 ${threshold},6 0 0 ${2 ** 32 - 1},6 0 0 0'`;
}
