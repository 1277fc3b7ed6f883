/**
 * Real nodes, each on a host of its own (`Lan`), that know each other by address and share keys.
 * The test speaks to each over its HTTP API from outside, so cuts between hosts do not concern it.
 */
import { Relays } from "../../src/cli/testnet/relay.ts";
import type { ConvergenceView } from "../../src/api/insight-views.ts";
import { expectOk } from "../support/node-client.ts";
import { Nursery, type RealNode, untilConverged, untilMeshed } from "../support/real-node.ts";
import { until } from "../support/until.ts";
import { Lan, wayOfFaults } from "./lan.ts";
import type { LanFaults } from "./packet-faults.ts";

/** How soon these nodes notice and repair, so that a test need not wait minutes. */
const impatience: Readonly<Record<string, string>> = {
  P2P_SYNC_SYNC_INTERVAL_SECONDS: "1",
  P2P_SYNC_P2P_PEER_TIMEOUT_SECONDS: "4",
  P2P_SYNC_P2P_DIAL_TIMEOUT_SECONDS: "2",
};
/** From the start of the last node to all links. Guess: ten times what it takes on an idle machine. */
const meshedMsMax = 30_000;

export class Hosts implements AsyncDisposable {
  readonly nodes: RealNode[] = [];
  readonly #lan: Lan;
  readonly #nursery = new Nursery();
  readonly #relays = new Relays();
  readonly #namespaces: string[] = [];
  readonly #environment: Readonly<Record<string, string>>;

  private constructor(environment: Readonly<Record<string, string>>) {
    this.#environment = environment;
    const way = wayOfFaults();
    if (typeof way === "string") throw new Error(way);
    this.#lan = new Lan(way.make());
  }

  /** So many nodes, each linked with each; impatient ones unless they get settings of their own. */
  static async start(count: number, environment: Readonly<Record<string, string>> = impatience): Promise<Hosts> {
    const hosts = new Hosts(environment);
    hosts.#nursery.beforeRemoval(() => hosts.#lan.release());
    try {
      for (let host = 1; host <= count; host++) hosts.#namespaces.push(hosts.#lan.addHost(`${addressOf(host)}/24`));
      hosts.nodes.push(...(await Promise.all(hosts.#namespaces.map((_, index) => hosts.#start(index + 1)))));
      await untilMeshed(hosts.nodes, meshedMsMax);
      return hosts;
    } catch (error) {
      await hosts[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The node of a host, counted from 1. */
  node(host: number): RealNode {
    const node = this.nodes[host - 1];
    if (node === undefined) throw new Error(`there is no host ${host}`);
    return node;
  }

  setFaults(faults: LanFaults): void {
    this.#lan.setFaults(faults);
  }

  lostPackets(): number {
    return this.#lan.lostPackets();
  }

  /** Every packet between the sides is lost, both ways. */
  cutBetween(one: readonly number[], other: readonly number[]): void {
    const pairs = one.flatMap((a) => other.map((b) => [a, b] as const));
    this.setFaults({
      cuts: pairs.flatMap(([a, b]) => [
        { from: a, to: b },
        { from: b, to: a },
      ]),
    });
  }

  /** Starts the node of a host again, with what it had. */
  async restart(host: number): Promise<RealNode> {
    return (this.nodes[host - 1] = await this.#start(host));
  }

  async untilEqual(deadlineMs: number): Promise<void> {
    await untilConverged(this.nodes, undefined, deadlineMs);
  }

  /** Resolves once every node says itself that it is linked with all others and that all hold the same. */
  async untilAllAgree(deadlineMs: number): Promise<void> {
    for (const node of this.nodes) {
      let seen = "";
      const agrees = async (): Promise<boolean> => {
        const answer = expectOk(await node.ask("GET", "/v1/converged?waitMs=1000"), "converged");
        seen = answer.text;
        const { converged, members } = answer.json() as ConvergenceView;
        return converged && members.length === this.nodes.length - 1;
      };
      await until(`${node.name} says that all hold the same`, agrees, { deadlineMs, everyMs: 100, seen: () => seen });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#nursery.end();
    } finally {
      await this.#relays.end();
    }
  }

  async #start(host: number): Promise<RealNode> {
    const namespace = this.#namespaces[host - 1] as string;
    const others = this.#namespaces.map((_, index) => index + 1).filter((each) => each !== host);
    return await this.#nursery.start(`host${host}`, {
      wrap: ["ip", "netns", "exec", namespace],
      entryTo: (port) => this.#relays.into(namespace, port),
      dial: others.map((other) => `/ip4/${addressOf(other)}/tcp/4001`),
      port: 4001,
      listen: undefined,
      environment: this.#environment,
    });
  }
}

function addressOf(host: number): string {
  return `10.77.0.${host}`;
}
