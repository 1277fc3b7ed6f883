/** What is concluded of the network around a node. */
import { mdnsOff } from "../drivers/libp2p/mdns-health.ts";
import { expect, test } from "vitest";
import type { PeerId } from "../base/brand.ts";
import { parseIpRange } from "../base/ip-range.ts";
import { checkNetwork, type NetCheckFacts, type SeenLink } from "./netcheck.ts";

const local = ["10.0.0.0/8", "127.0.0.0/8", "fe80::/10"].flatMap((range) => parseIpRange(range) ?? []);
const quiet: NetCheckFacts = {
  look: {
    interfaces: [
      { name: "lo", family: "v4", address: "127.0.0.1", internal: true },
      { name: "eth0", family: "v4", address: "10.0.0.5", internal: false },
    ],
    routes: [{ family: "v4", interface: "eth0" }],
    ports: [{ port: 4001, listeners: 1, connections: 0 }],
    descriptors: { open: 30, limit: 1024 },
  },
  announced: ["/ip4/127.0.0.1/tcp/4001/p2p/x", "/ip4/10.0.0.5/tcp/4001/p2p/x"],
  configured: [],
  family: "dual",
  links: [],
  local,
  mdns: { failure: undefined, health: { enabled: true, places: [], otherNetworks: { nodes: 0, names: [] } } },
  clock: { offsetMs: undefined, doubted: false },
};
const outer = "/ip4/20.0.0.1/tcp/40000";

function link(change: Partial<SeenLink>): SeenLink {
  const address = change.address ?? "/ip4/30.0.0.1/tcp/4001";
  return { peer: address as PeerId, direction: "outbound", observed: undefined, standing: true, ...change, address };
}

const seenByTwo = [link({ observed: outer }), link({ address: "/ip4/40.0.0.1/tcp/4001", observed: outer })];

test.each<[string, readonly SeenLink[], "reachable" | "behindNat" | "unknown", RegExp]>([
  ["nobody is linked", [], "unknown", /no peer outside/],
  [
    "only the local network is linked",
    [link({ address: "/ip4/10.0.0.6/tcp/1", direction: "inbound" })],
    "unknown",
    /no peer outside/,
  ],
  [
    "one network says where it sees this node",
    [link({ observed: outer }), link({ address: "/ip4/30.0.9.9/tcp/1", observed: outer })],
    "unknown",
    /only peers of one network/,
  ],
  [
    "two networks see another address than ours",
    seenByTwo,
    "behindNat",
    /peers of 2 networks see this node at 20.0.0.1/,
  ],
  [
    "somebody from outside dialed in",
    [...seenByTwo, link({ address: "/ip4/50.0.0.1/tcp/3", direction: "inbound" })],
    "reachable",
    /1 peer from outside/,
  ],
  [
    "somebody came over a relay only",
    [...seenByTwo, link({ address: "/ip4/50.0.0.1/tcp/3/p2p/r/p2p-circuit/p2p/y", direction: "inbound" })],
    "behindNat",
    /see this node at 20/,
  ],
])("%s", (_, links, verdict, reason) => {
  const { reach, status } = checkNetwork({ ...quiet, links });
  expect(reach).toMatchObject({ verdict, reason: expect.stringMatching(reason) });
  expect(status).toBe(verdict === "behindNat" ? "degraded" : "ok");
});

test("a public address of this machine that peers see needs no NAT, and is not yet proof", () => {
  const interfaces = [{ name: "eth0", family: "v4", address: "20.0.0.1", internal: false } as const];
  const found = checkNetwork({ ...quiet, look: { ...quiet.look, interfaces }, links: seenByTwo });
  expect(found.reach).toMatchObject({ verdict: "unknown", next: expect.stringContaining("firewall") });
  expect(found.observed).toEqual([{ address: "20.0.0.1", peers: 2, networks: 2, own: true }]);
});

test.each<[string, Partial<NetCheckFacts>, string, RegExp]>([
  [
    "nothing listens",
    { look: { ...quiet.look, ports: [{ port: 4001, listeners: 0, connections: 0 }] } },
    "listening",
    /4001/,
  ],
  [
    "too many files are open",
    { look: { ...quiet.look, descriptors: { open: 900, limit: 1024 } } },
    "open files",
    /ulimit/,
  ],
  [
    "mDNS fails",
    { mdns: { failure: "eth0: EACCES", health: { ...mdnsOff, enabled: true } } },
    "mDNS",
    /eth0: EACCES.*5353/,
  ],
  ["no address of the family", { family: "v6only" }, "interfaces", /v6only/],
  ["the clock is wrong", { clock: { offsetMs: 40_000, doubted: true } }, "clock", /40000 ms off/],
])("%s: a check says so, and the whole is degraded", (_, change, name, message) => {
  const { status, checks } = checkNetwork({ ...quiet, ...change });
  expect(status).toBe("degraded");
  expect(checks.find((check) => check.name === name)).toMatchObject({
    status: "degraded",
    message: expect.stringMatching(message),
  });
});

test("where the system tells nothing, the check says that and blames nobody", () => {
  const look = { ...quiet.look, routes: undefined, ports: undefined, descriptors: undefined };
  const { status, checks } = checkNetwork({ ...quiet, look });
  expect(status).toBe("ok");
  expect(checks.filter(({ message }) => message.includes("not known on this system"))).toHaveLength(4);
});
