/**
 * Nodes behind routers that masquerade, as most people are, with others on the open internet. Each
 * story starts from nothing but one address of one relay.
 */
import { Relays } from "../../src/cli/testnet/relay.ts";
import type { NetCheckView } from "../../src/api/netcheck-views.ts";
import type { PeerView } from "../../src/api/views.ts";
import { relayOf } from "../../src/base/relayed-address.ts";
import { steadyLinkMs } from "../../src/core/peers/limits.ts";
import { expectOk } from "../support/node-client.ts";
import { Nursery, type RealNode, untilConverged } from "../support/real-node.ts";
import { until } from "../support/until.ts";
import { type Home, Internet } from "./internet.ts";
import { RouterDaemon } from "./router-daemon.ts";

const port = 4001;
const impatience: Readonly<Record<string, string>> = {
  P2P_SYNC_SYNC_INTERVAL_SECONDS: "1",
  P2P_SYNC_P2P_DIAL_TIMEOUT_SECONDS: "4",
};
/** Guess: ten times what each step takes on an idle machine. */
const deadlineMs = 40_000;

type Way = "direct" | "relayed" | "none";

class NatWorld implements AsyncDisposable {
  readonly internet = new Internet();
  readonly #nursery = new Nursery();
  readonly #entries = new Relays();

  constructor() {
    this.#nursery.beforeRemoval(() => this.internet.release());
  }

  /** A node on the open internet. */
  async public(name: string, dial: readonly string[] = [], environment = {}): Promise<RealNode> {
    const { host, address } = this.internet.addHost();
    const node = await this.#start(name, host, dial, environment);
    return Object.assign(node, { address: `/ip4/${address}/tcp/${port}/p2p/${node.id}` });
  }

  /** A node behind a router of its own. */
  async natted(
    name: string,
    dial: readonly string[],
    environment = {},
    home: Home = this.internet.addHome(),
  ): Promise<RealNode> {
    return await this.#start(name, home.host, dial, environment);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#nursery.end();
    } finally {
      await this.#entries.end();
    }
  }

  #start(name: string, host: string, dial: readonly string[], environment: object): Promise<RealNode> {
    return this.#nursery.start(name, {
      wrap: ["ip", "netns", "exec", host],
      entryTo: (at) => this.#entries.into(host, at),
      dial,
      port,
      listen: undefined,
      environment: { ...impatience, ...environment },
    });
  }
}

/**
 * Two nodes in two homes, which know one relay only: they find each other by way of it and share. A node
 * on the open internet that dials both by way of the relay is then dialed by them directly.
 */
export async function behindTwoRouters(say: (line: string) => void): Promise<{
  readonly betweenHomes: Way;
  readonly fromOutside: readonly Way[];
  /** What `netcheck` says of the relayed peer, and of the node itself. */
  readonly whyRelayed: string;
  readonly netcheck: string;
}> {
  await using world = new NatWorld();
  const relay = await world.public("relay");
  const a = await world.natted("a", [relay.address]);
  const b = await world.natted("b", [relay.address]);
  await untilWay(a, b, "relayed");
  say("both homes are linked by way of the relay");
  const whyRelayed = await untilCheck(a, "relayed", /nobody can dial this node either/);
  const netcheck = await untilCheck(b, "reachability", /^behind NAT/);
  await a.put("from a", "1");
  await b.put("from b", "2");
  await untilConverged([a, b, relay], 2, deadlineMs);
  const c = await world.public(
    "c",
    [a, b].map(({ id }) => `${relay.address}/p2p-circuit/p2p/${id}`),
  );
  await Promise.all([untilWay(c, a, "direct"), untilWay(c, b, "direct")]);
  say("a public node is linked with both directly");
  const fromOutside = await Promise.all([wayTo(a, c), wayTo(b, c)]);
  return { betweenHomes: await wayTo(a, b), fromOutside, whyRelayed, netcheck };
}

/**
 * Two homes whose routers forward ports on request, one by NAT-PMP and one by UPnP: each node is reached from outside,
 * needs no relay, and leaves nothing behind in its router.
 */
export async function forwardedPorts(say: (line: string) => void): Promise<{
  readonly mappings: readonly string[];
  readonly ways: readonly Way[];
  readonly forwarded: readonly number[];
  readonly left: readonly number[];
}> {
  await using world = new NatWorld();
  const homes = [world.internet.addHome(), world.internet.addHome()] as const;
  await using first = new RouterDaemon(homes[0], "NAT-PMP");
  await using second = new RouterDaemon(homes[1], "UPnP");
  const witness = await world.public("witness");
  const a = await world.natted("a", [witness.address], {}, homes[0]);
  const b = await world.natted("b", [witness.address], {}, homes[1]);
  for (const node of [a, b]) await untilCheck(node, "reachability", /^reachable: 1 peer asked to dial back reached/);
  const mappings = await Promise.all([a, b].map((node) => checked(node, "port mapping")));
  say(`forwarded and reached from outside: ${mappings.join("; ")}`);
  const c = await world.public("c", [outerAddress(a, homes[0]), outerAddress(b, homes[1])]);
  await Promise.all([untilWay(c, a, "direct"), untilWay(c, b, "direct")]);
  const ways = [await wayTo(c, a), await wayTo(c, b)];
  const forwarded = [first, second].map((router) => router.forwarded().length);
  await Promise.all([a.stop(), b.stop()]);
  return { mappings, ways, forwarded, left: [first, second].map((router) => router.forwarded().length) };
}

/** Two homes and two relays: the relay over which the homes are linked dies, and they meet over the other one. */
export async function relayDies(
  say: (line: string) => void,
): Promise<{ readonly why: string; readonly relinkedMs: number }> {
  await using world = new NatWorld();
  const relays = [await world.public("one"), await world.public("other")] as const;
  const addresses = relays.map(({ address }) => address);
  const a = await world.natted("a", addresses);
  const b = await world.natted("b", addresses);
  await untilWay(a, b, "relayed");
  const linkedAt = performance.now();
  await untilCheck(a, "relays", /^reached by way of \S+ and \S+;/);
  const hasStood = (): boolean => performance.now() - linkedAt > steadyLinkMs; // what breaks sooner is dialed again after 5 s
  await until("their link is no young one any more", hasStood, { deadlineMs, everyMs: 500 });
  const used = (await relayBetween(a, b)) === relays[0].id ? relays[0] : relays[1];
  const left = used === relays[0] ? relays[1] : relays[0];
  await used.kill();
  const died = performance.now();
  say(`the relay between the homes died`);
  const isRelinked = async (): Promise<boolean> => (await relayBetween(a, b)) === left.id;
  await until("the homes are linked by way of the other relay", isRelinked, { deadlineMs, everyMs: 50 });
  const relinkedMs = performance.now() - died;
  const why = (await a.ask("GET", `/v1/why?target=${used.id}`)).text;
  return { why, relinkedMs };
}

/** By way of whom two nodes are linked. */
async function relayBetween(node: RealNode, other: RealNode): Promise<string | undefined> {
  const peer = (await node.peers()).find(({ id }) => id === other.id);
  if (peer === undefined || !isLinked(peer)) return undefined;
  return relayOf(peer.address ?? "")?.peer;
}

function outerAddress({ id }: RealNode, home: Home): string {
  return `/ip4/${home.outerAddress}/tcp/${port}/p2p/${id}`;
}

/** What `netcheck` says under that name. */
async function checked(node: RealNode, name: string): Promise<string> {
  const { checks } = expectOk(await node.ask("GET", "/v1/netcheck"), "netcheck").json() as NetCheckView;
  return checks
    .filter((each) => each.name === name)
    .map(({ message }) => message)
    .join("\n");
}

async function untilCheck(node: RealNode, name: string, words: RegExp): Promise<string> {
  let seen = "";
  const isSo = async (): Promise<boolean> => words.test((seen = await checked(node, name)));
  await until(`${node.name} says of ${name} ${words.source}`, isSo, { deadlineMs, everyMs: 100, seen: () => seen });
  return seen;
}

/** How one node is linked with another. */
async function wayTo(node: RealNode, other: RealNode): Promise<Way> {
  const peer = (await node.peers()).find(({ id }) => id === other.id);
  if (peer === undefined || !isLinked(peer)) return "none";
  return peer.address?.includes("/p2p-circuit") === true ? "relayed" : "direct";
}

async function untilWay(node: RealNode, other: RealNode, way: Way): Promise<void> {
  let seen: unknown;
  const isSo = async (): Promise<boolean> => {
    seen = (await node.peers()).map(({ id, state, address, lastError }) => ({ id, state, address, lastError }));
    return (await wayTo(node, other)) === way;
  };
  await until(`${node.name} is linked with ${other.name}: ${way}`, isSo, { deadlineMs, everyMs: 50, seen: () => seen });
}

function isLinked({ state }: PeerView): boolean {
  return state === "Connected" || state === "Syncing";
}
