/**
 * Who holds a port, for the message about a port in use. Linux tells through two tables:
 * `/proc/net/tcp{,6}` has the inode of each listening socket (`udp{,6}` of each bound one), `/proc/<pid>/fd` who holds it.
 * Sockets of other users cannot be seen without privileges; elsewhere there is no answer.
 *
 * Source: https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html
 */
import { readdir, readFile, readlink } from "node:fs/promises";

export interface PortOwner {
  readonly pid: number;
  /** The command line, arguments separated by blanks, at most 200 characters. */
  readonly command: string;
}

/** The state of a socket that waits for others. */
const stateOf = { tcp: "0A", udp: "07" } as const;
const commandCharactersMax = 200;

/** The process that holds the port, or undefined where it cannot be found. Never rejects. */
export async function portOwner(port: number, protocol: "tcp" | "udp" = "tcp"): Promise<PortOwner | undefined> {
  const inodes = new Set([
    ...(await waitingInodes(`/proc/net/${protocol}`, port, stateOf[protocol])),
    ...(await waitingInodes(`/proc/net/${protocol}6`, port, stateOf[protocol])),
  ]);
  if (inodes.size === 0) return undefined;
  const names = await readdir("/proc").catch(() => []);
  for (const name of names) {
    if (!/^\d+$/.test(name) || !(await holdsSocket(name, inodes))) continue;
    return { pid: Number(name), command: await commandOf(name) };
  }
  return undefined;
}

async function waitingInodes(table: string, port: number, state: string): Promise<string[]> {
  const text = await readFile(table, "utf8").catch(() => "");
  const portHex = port.toString(16).toUpperCase().padStart(4, "0");
  return text
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(`:${portHex}`) === true && fields[3] === state)
    .map((fields) => fields[9] ?? "");
}

async function holdsSocket(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const targets = await Promise.all(
    descriptors.map((descriptor) => readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => "")),
  );
  return targets.some((target) => target.startsWith("socket:[") && inodes.has(target.slice("socket:[".length, -1)));
}

async function commandOf(pid: string): Promise<string> {
  const text = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return text.split("\0").join(" ").trim().slice(0, commandCharactersMax);
}
