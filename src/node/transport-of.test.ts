import { expect, test } from "vitest";
import { transportOf } from "./transport-of.ts";

test.each([
  ["/ip4/192.0.2.1/tcp/4001", "tcp/ip4"],
  ["/ip6/2001:db8::1/tcp/4001/p2p/12D3KooW", "tcp/ip6"],
  ["/ip6zone/eth0/ip6/fe80::1/tcp/4001", "tcp/ip6"],
  ["/dns4/example.org/tcp/4001", "tcp/dns4"],
  ["/dns/ip4/tcp/4001", "tcp/dns"],
  ["/ip4/192.0.2.1/udp/4001/quic-v1", "quic/ip4"],
  ["/ip6/2001:db8::1/udp/4001/quic-v1/p2p/12D3KooW", "quic/ip6"],
  ["/ip4/192.0.2.1/udp/4001", "unknown"],
  ["/ip4/192.0.2.1/tcp/4001/p2p/12D3KooW/p2p-circuit/p2p/12D3KooX", "relayed"],
  ["/dns4/example.org/tcp/4101/ws/p2p/12D3KooW", "ws/dns4"],
  ["/tcp/4001", "unknown"],
])("%s is dialed over %s", (address, transport) => {
  expect(transportOf(address)).toBe(transport);
});
