/**
 * A local network of Linux network namespaces: one is the switch with a bridge, each other is a
 * host with one cable to it. Nothing outside these namespaces is touched. Needs root and ip(8);
 * for packets that get lost, also tc(8) with the kernel's filters u32 and bpf and its action mirred.
 *
 * Packets are lost where the switch would send them down a host's cable, and nobody is told. A
 * filter redirects them to a cable that ends nowhere, which also works where the kernel has no
 * action that drops. Which packets a lossy cable loses is drawn by the kernel, not by a seed.
 */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";

/** What the switch does with packets beside delivering them. */
export interface LanFaults {
  /** Hosts, counted from 1: nothing of `from` reaches `to`; the other way is another cut. */
  readonly cuts?: readonly { readonly from: number; readonly to: number }[];
  /** Of 100 packets on the way to each host. */
  readonly lostPercent?: number;
}

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

/** What is missing for the faults of a `Lan`, or undefined. */
export function missingForFaults(): string | undefined {
  const missing = missingForLan();
  if (missing !== undefined) return missing;
  const lan = new Lan();
  try {
    lan.addHost("10.77.0.1/24");
    lan.addHost("10.77.0.2/24");
    lan.setFaults({ cuts: [{ from: 1, to: 2 }], lostPercent: 5 });
    return undefined;
  } catch (error) {
    return `needs packet filters by tc: ${(error as Error).message}`;
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
  #hasNowhere = false;

  /** Returns the name of the host's namespace; its one cable is `eth0`, with the address. */
  addHost(address: string): string {
    if (this.#namespaces.length === 0) this.#addSwitch();
    const number = this.#namespaces.length;
    const name = this.#addNamespace(`${this.#tag}h${number}`);
    const [near, far] = [this.#cableTo(number), "eth0"];
    ip("link", "add", near, "netns", this.#switch, "type", "veth", "peer", "name", far, "netns", name);
    ip("-n", this.#switch, "link", "set", near, "master", "bridge0", "up");
    ip("-n", name, "address", "add", address, "dev", far);
    ip("-n", name, "link", "set", far, "gso_max_segs", "1", "up"); // packets as on a wire, to be lost one by one
    this.#addresses.push(address.replace(/\/.*/, ""));
    return name;
  }

  /** Puts these faults, and no others, in force. */
  setFaults({ cuts = [], lostPercent = 0 }: LanFaults): void {
    this.#addNowhere();
    const lines = this.#addresses.flatMap((_, index) => {
      const cable = this.#cableTo(index + 1);
      const cut = cuts.filter(({ to }) => to === index + 1).map(({ from }) => this.#addresses[from - 1]);
      return [
        `qdisc replace dev ${cable} clsact`,
        `filter del dev ${cable} egress`,
        ...cut.map((source) => `${filterOn(cable)} protocol ip pref 1 u32 match ip src ${source}/32 ${this.#loss}`),
        ...(lostPercent > 0 ? [`${filterOn(cable)} pref 2 bpf bytecode ${matching(lostPercent)} ${this.#loss}`] : []),
      ];
    });
    run("tc", ["-n", this.#switch, "-batch", "-"], `${lines.join("\n")}\n`);
  }

  /** Packets that faults have taken so far. */
  lostPackets(): number {
    if (!this.#hasNowhere) return 0;
    const [link] = JSON.parse(run("ip", ["-n", this.#switch, "-s", "-j", "link", "show", "dev", "nowhere"])) as [
      { readonly stats64: { readonly tx: { readonly packets: number } } },
    ];
    return link.stats64.tx.packets;
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

  get #loss(): string {
    return `action mirred egress redirect dev nowhere`;
  }

  /** A cable whose far end belongs to nobody: what arrives there is for another's address, and is forgotten. */
  #addNowhere(): void {
    if (this.#hasNowhere) return;
    this.#hasNowhere = true;
    ip("-n", this.#switch, "link", "add", "nowhere", "type", "veth", "peer", "name", "void");
    for (const end of ["nowhere", "void"]) ip("-n", this.#switch, "link", "set", end, "up");
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

function filterOn(cable: string): string {
  return `filter add dev ${cable} egress`;
}

/**
 * A program of the classic packet filter that picks packets at random, as tc-bpf(8) wants it: load a random
 * number of 32 bits, match from a threshold on. Source: linux/filter.h; SKF_AD_OFF + SKF_AD_RANDOM is −4040.
 */
function matching(percent: number): string {
  const threshold = Math.round((1 - percent / 100) * 2 ** 32);
  return `'4,32 0 0 ${2 ** 32 - 4_040},53 0 1 ${threshold},6 0 0 ${2 ** 32 - 1},6 0 0 0'`;
}

function ip(...parameters: string[]): void {
  run("ip", parameters);
}

function run(program: string, parameters: readonly string[], input = ""): string {
  const { status, stdout, stderr, error } = spawnSync(program, parameters, { encoding: "utf8", input });
  if (status !== 0) throw new Error(`${program} ${parameters.join(" ")}: ${error?.message ?? stderr.trim()}`);
  return stdout;
}
