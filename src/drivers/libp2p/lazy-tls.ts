/**
 * TLS is loaded when the first link asks for it: with its X.509 it takes 12 MB and a sixth of the
 * processor time of a start, and links between nodes of this program speak Noise.
 */
import type { ConnectionEncrypter } from "@libp2p/interface";
import type { TLSComponents } from "@libp2p/tls";

/** Source: https://github.com/libp2p/specs/blob/master/tls/tls.md, "Handshake Protocol". */
const protocol = "/tls/1.0.0";

export function lazyTls(components: TLSComponents): ConnectionEncrypter {
  let loading: Promise<ConnectionEncrypter> | undefined;
  const loaded = (): Promise<ConnectionEncrypter> =>
    (loading ??= import("@libp2p/tls").then(({ tls }) => tls()(components)));
  return {
    protocol,
    secureInbound: async (raw, options) => (await loaded()).secureInbound(raw, options),
    secureOutbound: async (raw, options) => (await loaded()).secureOutbound(raw, options),
  };
}
