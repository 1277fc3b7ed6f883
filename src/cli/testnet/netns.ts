/**
 * A host of its own for every node of a testnet: a network namespace with one cable to a bridge,
 * which is in a namespace too. Cut links lose their packets at the bridge, as behind a pulled
 * cable: nobody is told. Needs root, ip(8) and nft(8).
 *
 * All names begin with the testnet's own tag, and everything made here is inside namespaces, so
 * that removing those with the tag removes all of it and nothing else.
 */
import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { Fault } from "../../base/fault.ts";

export interface NetnsRecord {
  readonly tag: string;
  /** First three numbers of the addresses, `10.91.7`. */
  readonly subnet: string;
}

/** A tag and a /24 drawn at random; two testnets do not meet, since nothing leads out of the namespaces. */
export function drawNetns(): NetnsRecord {
  return {
    tag: `p2ptn${randomInt(0x1_00_00).toString(16).padStart(4, "0")}`,
    subnet: `10.${64 + randomInt(64)}.${randomInt(256)}`,
  };
}

/** What is missing, in words with what to do, or undefined. Makes a namespace for a moment to find out. */
export function missingForNetns(): string | undefined {
  if (process.platform !== "linux") return "it needs Linux";
  if (process.getuid?.() !== 0) return "it needs root: run it with sudo";
  for (const [program, version, source] of [
    ["ip", "-Version", "iproute2"],
    ["nft", "--version", "nftables"],
  ] as const) {
    if (spawnSync(program, [version]).error !== undefined)
      return `it needs the program ${program}: install the package ${source}`;
  }
  const { tag } = drawNetns();
  try {
    run("ip", ["netns", "add", tag]);
    run("ip", ["netns", "exec", tag, "nft", "-f", "-"], "add table bridge probe\n");
    return undefined;
  } catch (error) {
    return `this system does not let it make network namespaces with packet filters: ${(error as Error).message}`;
  } finally {
    spawnSync("ip", ["netns", "delete", tag]);
  }
}

export function addressIn({ subnet }: NetnsRecord, node: number): string {
  return `${subnet}.${node}`;
}

export function namespaceOf({ tag }: NetnsRecord, node: number): string {
  return `${tag}n${node}`;
}

/** Makes what is not there yet; the rest is left as it is. */
export function ensureNamespaces(netns: NetnsRecord, nodes: readonly number[]): void {
  const there = existing(netns);
  if (!there.includes(switchOf(netns))) addSwitch(netns);
  for (const node of nodes) if (!there.includes(namespaceOf(netns, node))) addHost(netns, node);
}

/** Puts these cuts, and no others, in force at the bridge; each pair both ways, all in one step. */
export function cutLinks(netns: NetnsRecord, pairs: readonly (readonly [number, number])[]): void {
  run("ip", ["netns", "exec", switchOf(netns), "nft", "-f", "-"], cutRules(netns, pairs));
}

/** Source: nft(8); a table is made before it is deleted, so that the deletion cannot fail. */
export function cutRules(netns: NetnsRecord, pairs: readonly (readonly [number, number])[]): string {
  const both = pairs.flatMap(([a, b]) => [
    [a, b],
    [b, a],
  ]);
  const rules = both.map(
    ([from = 0, to = 0]) => `    ip saddr ${addressIn(netns, from)} ip daddr ${addressIn(netns, to)} drop`,
  );
  return [
    "add table bridge testnet",
    "delete table bridge testnet",
    "table bridge testnet {",
    "  chain cut {",
    "    type filter hook forward priority 0; policy accept;",
    ...rules,
    "  }",
    "}",
    "",
  ].join("\n");
}

/** Removes every namespace of this tag, with bridge, cables and rules. Processes inside have to be ended before. */
export function removeNamespaces(netns: NetnsRecord): void {
  for (const name of existing(netns)) run("ip", ["netns", "delete", name]);
}

function existing({ tag }: NetnsRecord): readonly string[] {
  const listed = run("ip", ["netns", "list"]).split("\n");
  const names = listed.map((line) => line.split(" ")[0] ?? "");
  return names.filter((name) => name.startsWith(tag) && /^(sw|n[0-9]+)$/.test(name.slice(tag.length)));
}

function switchOf({ tag }: NetnsRecord): string {
  return `${tag}sw`;
}

function addSwitch(netns: NetnsRecord): void {
  const name = switchOf(netns);
  run("ip", ["netns", "add", name]);
  run("ip", ["-n", name, "link", "set", "lo", "up"]);
  run("ip", ["-n", name, "link", "add", "bridge0", "type", "bridge", "mcast_snooping", "0"]);
  run("ip", ["-n", name, "link", "set", "bridge0", "up"]);
}

function addHost(netns: NetnsRecord, node: number): void {
  const [hub, name, near] = [switchOf(netns), namespaceOf(netns, node), `cable${node}`];
  run("ip", ["netns", "add", name]);
  run("ip", ["-n", name, "link", "set", "lo", "up"]);
  run("ip", ["link", "add", near, "netns", hub, "type", "veth", "peer", "name", "eth0", "netns", name]);
  run("ip", ["-n", hub, "link", "set", near, "master", "bridge0", "up"]);
  run("ip", ["-n", name, "address", "add", `${addressIn(netns, node)}/24`, "dev", "eth0"]);
  run("ip", ["-n", name, "link", "set", "eth0", "up"]);
}

function run(program: string, parameters: readonly string[], input = ""): string {
  const { status, stdout, stderr, error } = spawnSync(program, parameters, { encoding: "utf8", input });
  if (status !== 0) {
    const said = (stderr ?? "").trim();
    const reason = said === "" ? (error?.message ?? `exit code ${status}`) : said;
    throw new Fault("testnet_failed", `${program} ${parameters.join(" ")}: ${reason}`, { program, parameters }, error);
  }
  return stdout;
}
