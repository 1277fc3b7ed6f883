/** The router behind which this machine may be, and the machine's own address on the way there. */
import { createSocket } from "node:dgram";
import { readFile } from "node:fs/promises";

export interface Gateway {
  readonly address: string;
  /** Ours, as the router sees it. */
  readonly own: string;
}

/** Undefined where there is no default route for IPv4, or this system does not tell. */
export async function findGateway(): Promise<Gateway | undefined> {
  const table = await readFile("/proc/net/route", "utf8").catch(() => "");
  const address = gatewayIn(table);
  const own = address === undefined ? undefined : await ownAddressTo(address);
  return address === undefined || own === undefined ? undefined : { address, own };
}

/** The router of the first default route in the text of `/proc/net/route`, whose addresses are in the machine's byte order. */
export function gatewayIn(table: string): string | undefined {
  for (const line of table.split("\n")) {
    const [, destination, gateway = "", , , , , mask] = line.trim().split(/\s+/);
    if (destination !== "00000000" || mask !== "00000000" || gateway === "00000000") continue;
    const bytes = /^([0-9A-F]{2})([0-9A-F]{2})([0-9A-F]{2})([0-9A-F]{2})$/.exec(gateway)?.slice(1);
    if (bytes !== undefined)
      return bytes
        .toReversed()
        .map((byte) => Number.parseInt(byte, 16))
        .join(".");
  }
  return undefined;
}

/** A UDP socket that is connected sends nothing, but knows from where it would. */
async function ownAddressTo(gateway: string): Promise<string | undefined> {
  const socket = createSocket("udp4");
  try {
    return await new Promise<string>((resolve, reject) => {
      socket.once("error", reject);
      socket.connect(9, gateway, () => resolve(socket.address().address));
    });
  } catch {
    return undefined;
  } finally {
    socket.close();
  }
}
