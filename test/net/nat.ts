/**
 * Nodes behind routers that masquerade, as most people are, with others on the open internet. Each
 * story starts from nothing but one address of one relay.
 */
import { Relays } from "../../src/cli/testnet/relay.ts";
import type { PeerView } from "../../src/api/views.ts";
import { Nursery, type RealNode, untilConverged } from "../support/real-node.ts";
import { until } from "../support/until.ts";
import { type Home, Internet } from "./internet.ts";

const port = 4001;
const impatience: Readonly<Record<string, string>> = {
  P2P_SYNC_SYNC_INTERVAL_SECONDS: "1",
  P2P_SYNC_P2P_DIAL_TIMEOUT_SECONDS: "2",
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
 * that comes to the open internet reaches both that way, too, and is then dialed by them directly.
 */
export async function behindTwoRouters(say: (line: string) => void): Promise<{
  readonly betweenHomes: Way;
  readonly fromOutside: readonly Way[];
}> {
  await using world = new NatWorld();
  const relay = await world.public("relay");
  const a = await world.natted("a", [relay.address]);
  const b = await world.natted("b", [relay.address]);
  await untilWay(a, b, "relayed");
  say("both homes are linked by way of the relay");
  await a.put("from a", "1");
  await b.put("from b", "2");
  await untilConverged([a, b, relay], 2, deadlineMs);
  const c = await world.public("c", [relay.address]);
  await Promise.all([untilWay(c, a, "direct"), untilWay(c, b, "direct")]);
  say("a public node is linked with both directly");
  return { betweenHomes: await wayTo(a, b), fromOutside: await Promise.all([wayTo(a, c), wayTo(b, c)]) };
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
