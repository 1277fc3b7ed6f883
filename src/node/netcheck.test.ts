/** What is concluded of the network around a node. */
import { mdnsOff } from "../drivers/libp2p/mdns-health.ts";
import { expect, test } from "vitest";
import type { PeerId } from "../base/brand.ts";
import { parseIpRange } from "../base/ip-range.ts";
import { checkNetwork, type NetCheckFacts } from "./netcheck.ts";
import type { SeenLink } from "./network-finding.ts";

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
  transports: { configured: ["tcp", "quic"], missing: [] },
  clock: { offsetMs: undefined, doubted: false },
  reach: { verdict: "unknown", witnesses: [], places: [] },
  mapping: { type: "off", reason: "no router is known" },
  relay: "both",
  guests: 0,
  circuits: 0,
  candidates: [],
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

const nobodyReachesUs: NetCheckFacts["reach"] = {
  verdict: "unreachable",
  witnesses: [
    { peer: "a" as PeerId, outcome: "timeout", outside: true },
    { peer: "b" as PeerId, outcome: "timeout", outside: true },
  ],
  places: [],
};

test("peers that could not dial back outweigh silence, and tell a NAT from a firewall", () => {
  const tried = "2 peers asked to dial back got no answer";
  const behind = checkNetwork({ ...quiet, reach: nobodyReachesUs, links: [link({ observed: outer })] });
  expect([behind.reach.verdict, behind.reach.reason]).toEqual([
    "behindNat",
    `${tried}; peers see this node at 20.0.0.1, which is no address of this machine`,
  ]);
  const walled = checkNetwork({ ...quiet, reach: nobodyReachesUs });
  expect([walled.reach.verdict, walled.reach.reason]).toEqual(["unreachable", tried]);
  const reached = { ...nobodyReachesUs, verdict: "reachable" } as const;
  expect(checkNetwork({ ...quiet, reach: reached }).reach.verdict).toBe("reachable");
});

const said = (facts: NetCheckFacts, name: string): string | undefined =>
  checkNetwork(facts).checks.find((each) => each.name === name)?.message;

test.each<[string, Partial<NetCheckFacts>, string]>([
  ["is not needed", {}, "no place needed; relays 0 members, 0 circuits"],
  [
    "is needed, and none has one",
    { reach: nobodyReachesUs },
    "needed, but no linked member has a place; relays 0 members, 0 circuits",
  ],
  [
    "is needed, and is not to be used",
    { reach: nobodyReachesUs, relay: "off" },
    "needed, but p2p.relay does not use any; relays nobody",
  ],
  [
    "was refused",
    { reach: { ...nobodyReachesUs, places: [{ peer: "a" as PeerId, refused: "it is no relay" }] } },
    "needed, but no linked member has a place (a: it is no relay); relays 0 members, 0 circuits",
  ],
  [
    "is held, and others are relayed",
    { reach: { ...nobodyReachesUs, places: [{ peer: "a" as PeerId, refused: undefined }] }, guests: 1, circuits: 2 },
    "reached by way of a; relays 1 member, 2 circuits",
  ],
])("a place at a relay %s", (_, change, words) => expect(said({ ...quiet, ...change }, "relays")).toBe(words));

const candidate = {
  source: "told",
  class: "regular",
  score: undefined,
  breaker: "closed",
  failures: 1,
  dialing: false,
  banned: false,
  dormant: false,
  flapping: false,
  inMs: 0,
  lastDialAt: undefined,
  lastLinkAt: undefined,
  lastFailure: { failure: "timeout", detail: "" },
} as const;
const theirs = { ...candidate, address: "/ip4/9.9.9.9/tcp/1/p2p/P", peer: "P" as PeerId };

test.each<[string, Partial<NetCheckFacts>, RegExp]>([
  [
    "both sides are behind a NAT",
    { reach: nobodyReachesUs },
    /^P by way of R: it told no address .* nobody can dial this node either\. Over TCP two such sides cannot meet/,
  ],
  [
    "it has not dialed yet",
    { reach: { ...nobodyReachesUs, verdict: "reachable" } },
    /has not dialed this node directly yet$/,
  ],
  [
    "its address does not answer",
    { candidates: [theirs] },
    /cannot be dialed at \/ip4\/9\.9\.9\.9\/tcp\/1\/p2p\/P \(timeout\); whether others can dial this node is not known$/,
  ],
  ["it is being dialed", { candidates: [{ ...theirs, dialing: true }] }, /a direct link is being tried$/],
])("of a relayed peer is said that %s", (_, change, words) => {
  const relayed = link({ address: "/ip4/8.0.0.1/tcp/1/p2p/R/p2p-circuit/p2p/P" });
  expect(said({ ...quiet, ...change, links: [{ ...relayed, peer: "P" as PeerId }] }, "relayed")).toMatch(words);
});

test("who dialed in by way of a relay shows nothing of being reachable", () => {
  const relayed = link({ address: "/ip4/8.0.0.1/tcp/1/p2p/R/p2p-circuit/p2p/P", direction: "inbound" });
  expect(checkNetwork({ ...quiet, links: [relayed] }).reach.verdict).toBe("unknown");
});

test.each<[string, Partial<NetCheckFacts>, string, "ok" | "degraded"]>([
  ["that there is none", {}, "none: no router is known", "ok"],
  [
    "where it is",
    { mapping: { type: "mapped", by: "UPnP", address: "/ip4/9.9.9.9/tcp/1", isPublic: true } },
    "/ip4/9.9.9.9/tcp/1, by UPnP",
    "ok",
  ],
  [
    "that the router is behind another",
    { mapping: { type: "mapped", by: "NAT-PMP", address: "/ip4/10.0.0.9/tcp/1", isPublic: false } },
    "/ip4/10.0.0.9/tcp/1 by NAT-PMP is no address of the internet: the router is behind another one",
    "degraded",
  ],
  [
    "why it failed, where it is needed",
    { mapping: { type: "failed", reason: "r" }, reach: nobodyReachesUs },
    "none: r",
    "degraded",
  ],
  ["why it failed, where it is not", { mapping: { type: "failed", reason: "r" } }, "none: r", "ok"],
])("of the port that a router forwards is said %s", (_, change, words, status) => {
  const found = checkNetwork({ ...quiet, ...change }).checks.find(({ name }) => name === "port mapping");
  expect([found?.message, found?.status]).toEqual([words, status]);
});

test("a transport that is configured but not there is told with what to do", () => {
  const checkOf = (missing: NetCheckFacts["transports"]["missing"]): unknown =>
    checkNetwork({ ...quiet, transports: { configured: ["tcp", "quic"], missing } }).checks.find(
      ({ name }) => name === "transports",
    );
  expect(checkOf([])).toEqual({ name: "transports", status: "ok", message: "tcp, quic" });
  expect(checkOf([{ name: "quic", problem: "Cannot find package" }])).toEqual({
    name: "transports",
    status: "degraded",
    message: expect.stringMatching(/^quic is configured, but cannot be used here: Cannot find package\. .*npm install/),
  });
});
