/**
 * The transports of a node: those that were asked for and are there. QUIC is an optional dependency
 * with a native part; where it is missing the others go on without it, and where nothing is left the node does not start.
 */
import type { Transport } from "@libp2p/interface";
import { tcp } from "@libp2p/tcp";
import { Fault } from "../../base/fault.ts";
import { parseAddress, partsOf } from "./addresses.ts";
import type { TransportName } from "./driver-types.ts";
import { silentSocketMsMax } from "./limits.ts";
import { loadQuic, type NativeQuic } from "./quic/native.ts";
import { WsTransport } from "./ws/transport.ts";
import { type QuicComponents, QuicTransport } from "./quic/transport.ts";

type Components = Parameters<ReturnType<typeof tcp>>[0] & QuicComponents;

export interface MissingTransport {
  readonly name: TransportName;
  /** Why it cannot be used. */
  readonly problem: string;
}

export interface LoadedTransports {
  readonly missing: readonly MissingTransport[];
  readonly factories: readonly ((components: Components) => Transport)[];
}

/** In the order asked for. Throws `transport_unavailable` where none of them is there. */
export async function loadTransports(
  names: readonly TransportName[],
  loadNative: typeof loadQuic = loadQuic,
): Promise<LoadedTransports> {
  const loaded = await Promise.all(names.map((name) => load(name, loadNative)));
  const factories = loaded.filter((each) => typeof each === "function");
  const missing = loaded.filter((each) => typeof each !== "function");
  if (factories.length > 0) return { missing, factories };
  const problems = missing.map(({ name, problem }) => `${name}: ${problem}`).join("; ");
  throw new Fault("transport_unavailable", `no transport can be used: ${problems}`, { transports: names });
}

/** Whether an address to listen on is not one of a transport that is missing. */
export function isServed(address: string, missing: readonly MissingTransport[]): boolean {
  const parsed = parseAddress(address);
  const transport = "problem" in parsed ? undefined : partsOf(parsed)?.transport;
  return !missing.some(({ name }) => name === transport);
}

async function load(
  name: TransportName,
  loadNative: typeof loadQuic,
): Promise<((components: Components) => Transport) | MissingTransport> {
  switch (name) {
    case "tcp":
      return tcp({
        inboundSocketInactivityTimeout: silentSocketMsMax,
        outboundSocketInactivityTimeout: silentSocketMsMax,
      });
    case "ws":
      return (components) => new WsTransport(components);
    case "quic": {
      const quic = await loadNative();
      return "problem" in quic ? { name, problem: quic.problem } : quicFactory(quic);
    }
  }
}

function quicFactory(native: NativeQuic): (components: Components) => Transport {
  return (components) => new QuicTransport(native, components);
}
