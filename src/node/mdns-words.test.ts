import { expect, test } from "vitest";
import type { MdnsHealth, MdnsPlaceHealth } from "../drivers/libp2p/mdns-health.ts";
import { mdnsBlocked, mdnsHeard } from "./mdns-words.ts";

const eth0: MdnsPlaceHealth = {
  ...{ interface: "eth0", family: "v4", loopback: false },
  ...{ sent: 5, echoes: 5, heard: 0, lastHeardAt: undefined, failure: undefined },
};
const health = (...places: readonly MdnsPlaceHealth[]): MdnsHealth => ({
  ...{ enabled: true, places, otherNetworks: { nodes: 0, names: [] } },
});

test.each<[string, MdnsHealth, RegExp]>([
  ["that hears itself is not blocked", health(eth0), /^not blocked$/],
  ["that hears others only is not", health({ ...eth0, echoes: 0, heard: 1 }), /^not blocked$/],
  ["that hears nothing is", health({ ...eth0, echoes: 0 }), /^eth0 \(IPv4\): not even our own/],
  ["that has hardly sent is not", health({ ...eth0, echoes: 0, sent: 2 }), /^not blocked$/],
  ["that fails has its own words", health({ ...eth0, echoes: 0, failure: "EPERM" }), /^not blocked$/],
  ["of the loopback does not count", health({ ...eth0, echoes: 0, loopback: true }), /^not blocked$/],
  ["of one family is named", health(eth0, { ...eth0, family: "v6", echoes: 0 }), /^eth0 \(IPv6\): /],
])("a place %s", (_, given, blocked) => {
  expect(mdnsBlocked(given) ?? "not blocked").toMatch(blocked);
});

test("who was heard, and who else is there, is told", () => {
  expect(mdnsHeard(health(eth0))).toBe("5 packets sent, nobody else was heard on eth0 (IPv4)");
  const foreign = { nodes: 2, names: ["lab", "home"] };
  expect(mdnsHeard({ ...health({ ...eth0, heard: 7 }), otherNetworks: foreign })).toBe(
    "5 packets sent, 7 announcements of others heard on eth0 (IPv4); 2 of other networks: lab, home",
  );
});
