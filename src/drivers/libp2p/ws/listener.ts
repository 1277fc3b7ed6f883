/**
 * Listens for WebSockets on one TCP port: a small HTTP server that does nothing but upgrade. Whoever is slow
 * with the request, or asks for anything else, is cut off before libp2p hears of the connection.
 */
import { type Listener, type ListenerEvents, type Logger, TypedEventEmitter, type Upgrader } from "@libp2p/interface";
import { getThinWaistAddresses } from "@libp2p/utils";
import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { partsOf } from "../addresses.ts";
import { wsConnectionsMax, wsMessageBytesMax, wsRequestBytesMax, wsRequestMsMax } from "../limits.ts";
import { WsConnection } from "./connection.ts";

export class WsListener extends TypedEventEmitter<ListenerEvents> implements Listener {
  readonly #upgrader: Upgrader;
  readonly #log: Logger;
  readonly #closing = new AbortController();
  readonly #http: Server;
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: wsMessageBytesMax,
    clientTracking: true,
  });
  #listensOn: Multiaddr | undefined;

  constructor(upgrader: Upgrader, log: Logger) {
    super();
    this.#upgrader = upgrader;
    this.#log = log;
    this.#http = createServer(
      {
        maxHeaderSize: wsRequestBytesMax,
        headersTimeout: wsRequestMsMax,
        requestTimeout: wsRequestMsMax,
        connectionsCheckingInterval: wsRequestMsMax / 4,
      },
      refuse,
    );
    this.#http.maxConnections = wsConnectionsMax;
    this.#http.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
  }

  async listen(address: Multiaddr): Promise<void> {
    const { host, port, kind } = partsOf(address) ?? {};
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#http.once("error", reject).once("listening", resolve);
    this.#http.listen({ host, port, ipv6Only: kind === "ip6" });
    await promise;
    this.#http.off("error", reject).on("error", (cause) => this.#log("the server failed: %s", cause));
    this.#listensOn = address;
    this.safeDispatchEvent("listening");
  }

  getAddrs(): Multiaddr[] {
    const bound = this.#http.address() as AddressInfo | null;
    if (bound === null || this.#listensOn === undefined) return [];
    return getThinWaistAddresses(this.#listensOn, bound.port).map((address) => address.encapsulate("/ws"));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const webSocket of this.#webSockets.clients) webSocket.terminate();
    this.#webSockets.close();
    if (this.#http.listening) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#http.close(() => resolve());
      this.#http.closeAllConnections();
      await promise;
    }
    this.safeDispatchEvent("close");
  }

  updateAnnounceAddrs(): void {
    return;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const remoteAddr = addressOf(request.socket);
      if (remoteAddr === undefined) webSocket.terminate();
      else void this.#accept(webSocket, request.socket, remoteAddr);
    });
  }

  async #accept(webSocket: WebSocket, socket: Socket, remoteAddr: Multiaddr): Promise<void> {
    const connection = new WsConnection({ webSocket, socket, remoteAddr, direction: "inbound", log: this.#log });
    try {
      await this.#upgrader.upgradeInbound(connection, { signal: this.#closing.signal });
    } catch (cause) {
      connection.abort(cause instanceof Error ? cause : new Error(String(cause)));
    }
  }
}

/** Undefined where the socket is gone already. */
function addressOf({ remoteAddress, remotePort }: Socket): Multiaddr | undefined {
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  const family = remoteAddress.includes(":") ? "ip6" : "ip4";
  return multiaddr(`/${family}/${remoteAddress.replace(/%.*/, "")}/tcp/${remotePort}/ws`);
}

function refuse(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(426, { connection: "close", upgrade: "websocket", "content-type": "text/plain" });
  response.end("This port is for nodes of p2p-sync over WebSockets.\n");
}
