import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { PeerId } from "../../base/brand.ts";
import { mdnsAddressesMax } from "./limits.ts";
import {
  announcementsIn,
  asksForService,
  departedIn,
  recordsFor,
  serviceName,
  type DnsRecord,
} from "./mdns-records.ts";

const peer = "12D3KooWNJFKt8hyd7W9PV466DwJ8yh5qeX2Ma3n3o26akpAHtCi" as PeerId;
const tag = "0123456789abcdef";
const network = { name: "home", id: tag.repeat(4) };
const address = `/ip4/192.0.2.1/tcp/4001/p2p/${peer}`;

/** Records as they arrive: the strings of a TXT are bytes. */
function heard(strings: readonly string[], name = `${peer}.${serviceName}`): DnsRecord[] {
  return [{ type: "TXT", name, ttl: 120, data: strings.map((text) => Buffer.from(text)) }];
}

test("what is announced is understood", () => {
  const records: readonly DnsRecord[] = recordsFor(peer, network, [address]);
  expect(records.map((record) => record.type)).toEqual(["PTR", "SRV", "TXT"]);
  const text = records.find((record) => record.type === "TXT");
  expect(announcementsIn(heard(text?.data as string[]), false)).toEqual([
    { networkName: "home", networkTag: tag, addresses: [{ address, peer }] },
  ]);
});

test("no address, no announcement; too many are cut", () => {
  expect(recordsFor(peer, network, [])).toEqual([]);
  const many: readonly DnsRecord[] = recordsFor(
    peer,
    network,
    Array.from({ length: 40 }, (_, n) => address.replace("4001", String(5_000 + n))),
  );
  expect(many.at(-1)?.data).toHaveLength(2 + mdnsAddressesMax);
});

const refused = [
  "/ip4/192.0.2.1/tcp/4001",
  `/ip4/192.0.2.1/tcp/0/p2p/${peer}`,
  `/ip4/192.0.2.1/tcp/NaN/p2p/${peer}`,
  `/ip4/0.0.0.0/tcp/1/p2p/${peer}`,
  `/ip4/224.0.0.251/tcp/1/p2p/${peer}`,
  `/ip4/127.0.0.1/tcp/1/p2p/${peer}`,
  `/ip6/::/tcp/1/p2p/${peer}`,
  `/ip6/::1/tcp/1/p2p/${peer}`,
  `/dns4/example.com/tcp/1/p2p/${peer}`,
  `/ip4/192.0.2.1/udp/1/quic-v1/p2p/${peer}`,
  `${address}/p2p-circuit/p2p/${peer}`,
  "/ip4/192.0.2.1/tcp/1/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N",
  "nonsense",
  "",
];
for (const text of refused) {
  test(`\`${text}\` heard from another host is skipped`, () => {
    expect(announcementsIn(heard([`nid=${tag}`, `dnsaddr=${text}`]), false)).toEqual([
      { networkName: "", networkTag: tag, addresses: [] },
    ]);
  });
}

test("loopback addresses count when they come from this host", () => {
  const own = `/ip4/127.0.0.1/tcp/1/p2p/${peer}`;
  expect(announcementsIn(heard([`nid=${tag}`, `dnsaddr=${own}`]), true)[0]?.addresses).toEqual([
    { address: own, peer },
  ]);
});

test("records of other services, without a network, or withdrawn say nothing", () => {
  const strings = [`nid=${tag}`, `dnsaddr=${address}`];
  expect(announcementsIn(heard(strings, "x._http._tcp.local"), false)).toEqual([]);
  expect(announcementsIn(heard([`dnsaddr=${address}`]), false)).toEqual([]);
  expect(
    announcementsIn(
      heard(strings).map((record) => ({ ...record, ttl: 0 })),
      false,
    ),
  ).toEqual([]);
});

test("a farewell names who is gone, and only of our service", () => {
  const strings = [`nid=${tag}`];
  const gone = (name?: string): DnsRecord[] => heard(strings, name).map((record) => ({ ...record, ttl: 0 }));
  expect(departedIn(gone())).toEqual([peer]);
  expect([departedIn(heard(strings)), departedIn(gone("x._http._tcp.local"))]).toEqual([[], []]);
});

test("a name cannot carry control characters or length into our tables", () => {
  const [announcement] = announcementsIn(heard([`nid=${tag}`, `network=a\u001b[31m\u202eb${"c".repeat(200)}`]), false);
  expect(announcement?.networkName).toMatch(/^a\[31mbc+$/);
  expect(announcement?.networkName.length).toBe(64);
});

test("only a question for our service is answered", () => {
  expect(asksForService({ name: "_P2P-Sync._tcp.local", type: "PTR" })).toBe(true);
  expect(asksForService({ name: "_http._tcp.local", type: "PTR" })).toBe(false);
  expect(asksForService({ name: serviceName, type: "A" })).toBe(false);
});

test("nothing heard makes it throw", () => {
  const part = fc.oneof(
    fc.string({ maxLength: 300 }).map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 300 }),
    fc.anything(),
  );
  const data = fc.oneof(fc.array(part, { maxLength: 40 }), fc.anything());
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ type: fc.constantFrom("TXT", "PTR", "OPT"), name: fc.constantFrom(`x.${serviceName}`, ""), data }),
        { maxLength: 80 },
      ),
      (records) => {
        announcementsIn(records, true);
      },
    ),
  );
});
