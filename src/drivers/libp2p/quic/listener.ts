/**
 * Listens for QUIC on one UDP port. Every handshake occupies one of the calls that wait for a
 * connection until it is done or has timed out; there are so many of them that a few that hang stop nobody.
 */
import { type Listener, type ListenerEvents, type Logger, TypedEventEmitter, type Upgrader } from "@libp2p/interface";
import type { Multiaddr } from "@multiformats/multiaddr";
import { multiaddr } from "@multiformats/multiaddr";
import { networkInterfaces } from "node:os";
import { partsOf } from "../addresses.ts";
import { quicHandshakesMax } from "../limits.ts";
import { wordsOf } from "../words-of.ts";
import { muxerFactoryOf, QuicConnection } from "./connection.ts";
import type { NativeConnection, NativeServer } from "./native.ts";

export class QuicListener extends TypedEventEmitter<ListenerEvents> implements Listener {
  readonly #upgrader: Upgrader;
  readonly #bind: (ip: string, port: number) => NativeServer;
  readonly #log: Logger;
  readonly #closing = new AbortController();
  #bound: { readonly server: NativeServer; readonly host: string } | undefined;

  constructor(upgrader: Upgrader, bind: (ip: string, port: number) => NativeServer, log: Logger) {
    super();
    this.#upgrader = upgrader;
    this.#bind = bind;
    this.#log = log;
  }

  /** Rejects with `EADDRINUSE` as its code where the port is taken. */
  listen(address: Multiaddr): Promise<void> {
    const { host = "", port = 0 } = partsOf(address) ?? {};
    try {
      this.#bound = { server: this.#bind(host, port), host };
    } catch (cause) {
      return Promise.reject(withCode(cause));
    }
    for (let waiting = 0; waiting < quicHandshakesMax; waiting++) void this.#accept(this.#bound.server);
    this.safeDispatchEvent("listening");
    return Promise.resolve();
  }

  getAddrs(): Multiaddr[] {
    if (this.#bound === undefined) return [];
    const { server, host } = this.#bound;
    const port = server.port();
    return hostsOf(host).map((each) => multiaddr(`/${each.includes(":") ? "ip6" : "ip4"}/${each}/udp/${port}/quic-v1`));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const { server } = this.#bound ?? {};
    this.#bound = undefined;
    await server?.abort();
    this.safeDispatchEvent("close");
  }

  updateAnnounceAddrs(): void {
    return;
  }

  /** One of the calls that wait, for as long as the listener lives. A failed handshake names nobody and counts nowhere. */
  async #accept(server: NativeServer): Promise<void> {
    while (!this.#closing.signal.aborted) {
      let native: NativeConnection;
      try {
        native = await server.inboundConnection();
      } catch (cause) {
        this.#log("a handshake failed: %s", cause);
        if (wordsOf(cause) === "server closed") return;
        continue;
      }
      void this.#upgrade(native);
    }
  }

  async #upgrade(native: NativeConnection): Promise<void> {
    if (this.#closing.signal.aborted) {
      native.abort();
      return;
    }
    const connection = new QuicConnection({ native, direction: "inbound", log: this.#log });
    try {
      await this.#upgrader.upgradeInbound(connection, {
        skipEncryption: true,
        skipProtection: true,
        remotePeer: connection.remotePeer,
        muxerFactory: muxerFactoryOf(connection),
        signal: this.#closing.signal,
      });
    } catch (cause) {
      connection.abort(cause instanceof Error ? cause : new Error(String(cause)));
    }
  }
}

/** The native part tells a cause of the system by its words only: "Address in use (os error 98)". */
function withCode(cause: unknown): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = cause instanceof Error ? cause : new Error(String(cause));
  if (/address (already )?in use/i.test(error.message)) error.code = "EADDRINUSE";
  return error;
}

/** The addresses behind `0.0.0.0` and `::`, as they are now. */
function hostsOf(host: string): readonly string[] {
  if (host !== "0.0.0.0" && host !== "::") return [host];
  const family = host === "::" ? "IPv6" : "IPv4";
  return Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).filter((each) => each.family === family).map(({ address }) => address),
  );
}
