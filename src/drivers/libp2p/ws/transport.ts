/**
 * WebSockets as a transport of libp2p, for clients that have nothing else, such as browsers. Without
 * TLS: connections are encrypted by Noise or TLS inside, as over TCP.
 */
import {
  type Connection,
  type CreateListenerOptions,
  type DialTransportOptions,
  type Listener,
  type Logger,
  type Transport,
  transportSymbol,
} from "@libp2p/interface";
import type { Multiaddr } from "@multiformats/multiaddr";
import type { Socket } from "node:net";
import { WebSocket } from "ws";
import { partsOf } from "../addresses.ts";
import { wsMessageBytesMax } from "../limits.ts";
import { WsConnection } from "./connection.ts";
import { WsListener } from "./listener.ts";

interface Opened {
  readonly webSocket: WebSocket;
  readonly socket: Socket;
}

export class WsTransport implements Transport {
  readonly [Symbol.toStringTag]: string = "p2p-sync/ws";
  readonly [transportSymbol] = true as const;
  readonly #log: Logger;

  constructor(components: { readonly logger: { forComponent(name: string): Logger } }) {
    this.#log = components.logger.forComponent("p2p-sync:ws");
  }

  /** `family` bounds what a name may lead to; 0 for both. */
  async dial(address: Multiaddr, options: DialTransportOptions & { readonly family?: 4 | 6 | 0 }): Promise<Connection> {
    const opened = await open(address, options.family ?? 0, options.signal);
    const connection = new WsConnection({ ...opened, remoteAddr: address, direction: "outbound", log: this.#log });
    try {
      return await options.upgrader.upgradeOutbound(connection, { signal: options.signal });
    } catch (cause) {
      connection.abort(cause instanceof Error ? cause : new Error(String(cause)));
      throw cause;
    }
  }

  createListener({ upgrader }: CreateListenerOptions): Listener {
    return new WsListener(upgrader, this.#log);
  }

  listenFilter(addresses: Multiaddr[]): Multiaddr[] {
    return addresses.filter((address) => partsOf(address)?.transport === "ws");
  }

  dialFilter(addresses: Multiaddr[]): Multiaddr[] {
    return this.listenFilter(addresses);
  }
}

async function open(address: Multiaddr, family: 4 | 6 | 0, signal: AbortSignal): Promise<Opened> {
  signal.throwIfAborted();
  const { kind = "", host = "", port = 0 } = partsOf(address) ?? {};
  const webSocket = new WebSocket(`ws://${kind === "ip6" ? `[${host}]` : host}:${port}`, {
    perMessageDeflate: false,
    maxPayload: wsMessageBytesMax,
    family: kind === "dns4" ? 4 : kind === "dns6" ? 6 : family,
  });
  const { promise, resolve, reject } = Promise.withResolvers<Opened>();
  const onAbort = (): void => webSocket.terminate();
  signal.addEventListener("abort", onAbort);
  let socket: Socket | undefined;
  webSocket.on("upgrade", (response) => (socket = response.socket));
  webSocket.on("open", () => (socket === undefined ? webSocket.terminate() : resolve({ webSocket, socket })));
  webSocket.on("unexpected-response", (_request, response) => {
    reject(Object.assign(new Error(`no WebSocket is served there: HTTP ${response.statusCode}`), { code: "EPROTO" }));
    webSocket.terminate();
  });
  webSocket.on("error", reject);
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
