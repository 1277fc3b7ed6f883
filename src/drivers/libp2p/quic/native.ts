/**
 * The native part of `@chainsafe/libp2p-quic`, an optional dependency: quinn with libp2p's TLS 1.3, so
 * that a connection comes with the proven identity of the other side. Only this part is used: the
 * package's own connection hands on every byte at once whoever is behind, accepts one handshake
 * after the other, and reads 4 KiB at a time. It is not among the package's exports, so its version
 * is pinned and its shape is asserted as it loads.
 *
 * Source: github.com/ChainSafe/js-libp2p-quic, rust/lib.rs and rust/config.rs at 2.1.1.
 */
import { assert } from "../../../base/assert.ts";

export const quicPackage = "@chainsafe/libp2p-quic";

export interface NativeConfig {
  readonly privateKeyProto: Uint8Array;
  readonly handshakeTimeout: number;
  readonly maxIdleTimeout: number;
  readonly keepAliveInterval: number;
  readonly maxConcurrentStreamLimit: number;
  readonly maxStreamData: number;
  readonly maxConnectionData: number;
  readonly receiveBufferSize: number;
  readonly sendBufferSize: number;
}

/** A value made by the native part; opaque here. */
export interface QuinnConfig {
  readonly constructor: unknown;
}

export interface NativeStream {
  id(): string;
  /** Undefined or null at the end of what the other side sends. */
  read(bytesMax: number): Promise<Uint8Array | null | undefined>;
  /** Resolves when quinn has taken all bytes, which waits for the other side's credit. */
  write(bytes: Uint8Array): Promise<void>;
  finishWrite(): Promise<void>;
  resetWrite(): Promise<void>;
  stopRead(): Promise<void>;
}

export interface NativeConnection {
  inboundStream(): Promise<NativeStream>;
  /** Waits while the other side allows no further stream. */
  outboundStream(): Promise<NativeStream>;
  /** Closes at once; what has not been acknowledged yet is lost. */
  abort(): void;
  /** `/ip4/…/udp/…/quic-v1/p2p/…`, with the proven identity. */
  remoteMultiaddr(): string;
  /** Resolves when the connection is closed, by whomever. */
  closed(): Promise<void>;
  stats(): { readonly udpTxBytes: number; readonly udpRxBytes: number };
}

export interface NativeClient {
  outboundConnection(ip: string, port: number): Promise<NativeConnection>;
  abort(): void;
}

export interface NativeServer {
  /** The next connection whose handshake is done. Any number of calls may wait, each for one handshake. */
  inboundConnection(): Promise<NativeConnection>;
  port(): number;
  abort(): Promise<void>;
}

export interface NativeQuic {
  readonly QuinnConfig: new (config: NativeConfig) => QuinnConfig;
  /** Family 0 is IPv4, 1 is IPv6. */
  readonly Client: new (config: QuinnConfig, family: 0 | 1) => NativeClient;
  /** Binds at once; an IPv6 socket takes IPv6 only. */
  readonly Server: new (config: QuinnConfig, ip: string, port: number) => NativeServer;
}

/** The native part, or why there is none here. */
export async function loadQuic(): Promise<NativeQuic | { readonly problem: string }> {
  let native: Partial<NativeQuic>;
  try {
    native = (await import(new URL("./napi.js", import.meta.resolve(quicPackage)).href)) as Partial<NativeQuic>;
  } catch (cause) {
    return { problem: cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : String(cause) };
  }
  const { QuinnConfig, Client, Server } = native;
  for (const part of [QuinnConfig, Client, Server])
    assert(typeof part === "function", `${quicPackage} has QuinnConfig, Client and Server`);
  return native as NativeQuic;
}
