/**
 * Which ports the nodes of a testnet get, and whether they are free. Two ranges that count up from
 * a base, or, with base 0, any ports that are free at this moment.
 */
import { createServer, type AddressInfo } from "node:net";
import { Fault } from "../../base/fault.ts";
import { describePortHolder } from "../../node/port-holder.ts";

export interface NodePorts {
  readonly p2p: number;
  readonly http: number;
}

const portMax = 65_535;

/** Ports of nodes `first` to `last`; throws `invalid_argument` where the ranges run out or into each other. */
export function planPorts(first: number, last: number, base: number, httpBase: number): readonly NodePorts[] {
  const count = last - first + 1;
  for (const [flag, start] of [
    ["--base-port", base],
    ["--http-base", httpBase],
  ] as const) {
    if (start !== 0 && start + last - 1 > portMax)
      throw new Fault("invalid_argument", `${flag} ${start} leaves no room below ${portMax} for node ${last}.`);
  }
  if (base !== 0 && httpBase !== 0 && Math.abs(base - httpBase) < last)
    throw new Fault(
      "invalid_argument",
      `--base-port ${base} and --http-base ${httpBase} are less than ${last} apart, so the ports of ${last} nodes overlap.`,
    );
  return Array.from({ length: count }, (_, place) => ({
    p2p: base === 0 ? 0 : base + first + place - 1,
    http: httpBase === 0 ? 0 : httpBase + first + place - 1,
  }));
}

/** Puts free ports in place of zeros, and throws `port_in_use` naming every busy one and who holds it. */
export async function claimPorts(plan: readonly NodePorts[], host: string): Promise<readonly NodePorts[]> {
  const fixed = plan.flatMap(({ p2p, http }) => [p2p, http]).filter((port) => port !== 0);
  const busy: string[] = [];
  for (const port of fixed) {
    if (await isFree(port, host)) continue;
    busy.push(`${port} (${(await describePortHolder(port)) ?? "held by another program"})`);
  }
  if (busy.length > 0)
    throw new Fault(
      "port_in_use",
      `${busy.length === 1 ? "A port" : `${busy.length} ports`} of the testnet ${busy.length === 1 ? "is" : "are"} taken: ${busy.join("; ")}. Stop ${busy.length === 1 ? "it" : "them"}, or choose others with --base-port and --http-base.`,
      { busy },
    );
  const free = await freePorts(plan.flatMap(({ p2p, http }) => [p2p, http]).filter((port) => port === 0).length, host);
  return plan.map(({ p2p, http }) => ({
    p2p: p2p === 0 ? (free.pop() ?? 0) : p2p,
    http: http === 0 ? (free.pop() ?? 0) : http,
  }));
}

/** All are held at once, so no number comes twice. */
async function freePorts(count: number, host: string): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(
    servers.map(
      (server) =>
        new Promise<void>((resolve, reject) => {
          server.once("error", reject).listen({ host, port: 0 }, resolve);
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(false);
      else
        reject(new Fault("invalid_argument", `Port ${port} on ${host} cannot be bound: ${error.message}.`, {}, error));
    });
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
