/**
 * Three hosts without any IPv4 address, not even 127.0.0.1: nodes of family `v6only` know each other by a
 * name that has only an AAAA record, by one that has both kinds, and by a literal, and share keys.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Nursery } from "../support/real-node.ts";
import { AtHost, type Said, sayIn } from "./at-host.ts";
import { Lan } from "./lan.ts";
import { run } from "./run.ts";

export interface SixReport {
  /** Where each node says the others are. */
  readonly addresses: readonly string[];
  /** Lines of the kernel's tables of IPv4 sockets on all three hosts, without their headings. */
  readonly ipv4Sockets: readonly string[];
  /** What the API of one listens on. */
  readonly http: string;
  /** Answers to a dial of IPv4 by address and by name, and to a start that is to do one. */
  readonly dialed: Said;
  readonly named: Said;
  readonly started: Said;
}

/** Throws what did not hold; leaves no namespace and no process. */
export async function sixOnly(): Promise<SixReport> {
  const lan = new Lan();
  const nursery = new Nursery();
  const undo: (() => void)[] = [];
  nursery.beforeRemoval(() => {
    lan.release();
    for (const each of undo) each();
  });
  try {
    const namespaces = [1, 2, 3].map((n) => hostWithoutIpv4(lan, n, undo));
    const [one, two, three] = namespaces as [string, string, string];
    const flags = ["--family", "v6only"];
    const dial = ["/dns/both.test/tcp/4001", "/ip6/fd77::2/tcp/4001"];
    const a = await AtHost.start(nursery, "one", one, { flags });
    const b = await AtHost.start(nursery, "two", two, { flags, dial: ["/dns6/one.test/tcp/4001"] });
    const c = await AtHost.start(nursery, "three", three, { flags, dial });
    const all = [a, b, c];
    const addresses: string[] = [];
    for (const each of all) addresses.push(...(await each.untilLinkedWith(...all.filter((other) => other !== each))));
    await Promise.all(all.map((each) => each.put(`from ${each.name}`, "6")));
    await Promise.all(all.flatMap((reader) => all.map(({ name }) => reader.untilReads(`from ${name}`, "6"))));
    const dialed = await b.say("peer", "dial", "/ip4/10.9.9.9/tcp/4001");
    const named = await b.say("peer", "dial", "/dns4/both.test/tcp/4001");
    const { dataDir } = b.process.options;
    const refused = [process.execPath, join(import.meta.dirname, "../../bin/p2p-sync"), "start", "--family", "v6only"];
    const more = ["--data-dir", `${dataDir}-other`, "--dial", "/ip4/10.9.9.9/tcp/4001"];
    const started = await sayIn(one, [...refused, ...more]);
    const ipv4Sockets = await Promise.all(namespaces.map(ipv4SocketsIn));
    const http = /http=(\S+)/.exec(a.process.stdout)?.[1] ?? "";
    return { addresses, ipv4Sockets: ipv4Sockets.flat(), http, dialed, named, started };
  } finally {
    await nursery.end();
  }
}

/** Names are in a hosts file of the namespace, which ip(8) puts in the place of `/etc/hosts`. */
function hostWithoutIpv4(lan: Lan, number: number, undo: (() => void)[]): string {
  const namespace = lan.addHost(`fd77::${number}/64`);
  run("ip", ["-n", namespace, "-4", "address", "flush", "dev", "lo"]);
  const folder = join("/etc/netns", namespace);
  mkdirSync(folder, { recursive: true });
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "hosts"), "::1 localhost\nfd77::1 one.test\n10.9.9.9 both.test\nfd77::1 both.test\n");
  return namespace;
}

async function ipv4SocketsIn(namespace: string): Promise<readonly string[]> {
  const { stdout } = await sayIn(namespace, ["cat", "/proc/net/tcp", "/proc/net/udp"]);
  return stdout.split("\n").filter((line) => /^\s*\d+:/.test(line));
}
