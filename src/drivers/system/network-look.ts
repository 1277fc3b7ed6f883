/**
 * What the machine tells of its network and of this process: interfaces, default routes, sockets on a port, open files.
 * Linux tells through `/proc`; elsewhere what is not known is undefined. Nothing here rejects.
 *
 * Source: https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html, proc(5), proc_pid_limits(5)
 */
import { readdir, readFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";

export interface InterfaceAddress {
  readonly name: string;
  readonly family: "v4" | "v6";
  readonly address: string;
  /** Reaches this machine only. */
  readonly internal: boolean;
}

export interface DefaultRoute {
  readonly family: "v4" | "v6";
  readonly interface: string;
}

/** Sockets on one local TCP port, of whatever process. */
export interface PortUse {
  readonly port: number;
  /** Sockets that accept connections. */
  readonly listeners: number;
  /** Connections that stand. */
  readonly connections: number;
}

export interface DescriptorUse {
  readonly open: number;
  /** The soft limit; undefined where there is none. */
  readonly limit: number | undefined;
}

export interface NetworkLook {
  readonly interfaces: readonly InterfaceAddress[];
  /** Undefined where it cannot be known. */
  readonly routes: readonly DefaultRoute[] | undefined;
  readonly ports: readonly PortUse[] | undefined;
  readonly descriptors: DescriptorUse | undefined;
}

export async function lookAtNetwork(ports: readonly number[]): Promise<NetworkLook> {
  const texts = ["/proc/net/route", "/proc/net/ipv6_route", "/proc/net/tcp", "/proc/net/tcp6", "/proc/self/limits"];
  const [route4, route6, tcp4, tcp6, limits] = await Promise.all(texts.map(textOf));
  const open = await readdir("/proc/self/fd").catch(() => undefined);
  const tables = tcp4 === undefined ? undefined : [tcp4, tcp6 ?? ""];
  return {
    interfaces: interfaceAddresses(),
    routes: route4 === undefined ? undefined : [...routesV4(route4), ...routesV6(route6 ?? "")],
    ports: tables === undefined ? undefined : ports.map((port) => portUse(port, tables)),
    descriptors:
      open === undefined || limits === undefined ? undefined : { open: open.length - 1, limit: openFilesLimit(limits) }, // the look itself holds one
  };
}

/** Default routes of `/proc/net/route`: destination and mask are zero. */
export function routesV4(table: string): readonly DefaultRoute[] {
  return rowsOf(table).flatMap(([name = "", destination, , , , , , mask]) =>
    destination === "00000000" && mask === "00000000" ? [{ family: "v4", interface: name } as const] : [],
  );
}

/** Default routes of `/proc/net/ipv6_route`; the kernel keeps one on `lo` that rejects. */
export function routesV6(table: string): readonly DefaultRoute[] {
  return rowsOf(table).flatMap((row) => {
    const [destination = "", bits, name = ""] = [row[0], row[1], row[9]];
    return /^0{32}$/.test(destination) && bits === "00" && name !== "lo" && name !== ""
      ? [{ family: "v6", interface: name } as const]
      : [];
  });
}

/** Counts sockets in the texts of `/proc/net/tcp` and `/proc/net/tcp6`. */
export function portUse(port: number, tables: readonly string[]): PortUse {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const states = tables.flatMap(rowsOf).flatMap(([, local = "", , state]) => (local.endsWith(suffix) ? [state] : []));
  return {
    port,
    listeners: states.filter((state) => state === "0A").length,
    connections: states.filter((state) => state === "01").length,
  };
}

/** The soft limit of open files in the text of `/proc/<pid>/limits`. */
export function openFilesLimit(text: string): number | undefined {
  const soft = /^Max open files\s+(\S+)/m.exec(text)?.[1];
  return soft === undefined || soft === "unlimited" ? undefined : Number(soft);
}

function interfaceAddresses(): readonly InterfaceAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? []).map(({ address, family, internal }) => ({
      name,
      family: family === "IPv4" ? ("v4" as const) : ("v6" as const),
      address,
      internal,
    })),
  );
}

function rowsOf(table: string): readonly (readonly string[])[] {
  return table.split("\n").map((line) => line.trim().split(/\s+/));
}

async function textOf(path: string): Promise<string | undefined> {
  return await readFile(path, "utf8").catch(() => undefined);
}
