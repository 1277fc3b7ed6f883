/** The router's port that is forwarded to this node, from the settings to the addresses that are told. */
import type { Config } from "../config/settings.ts";
import { PortMapper, type MappingState } from "../drivers/system/port-mapping/port-mapper.ts";
import { ipOfMultiaddr, isLoopback } from "../base/ip-range.ts";

export interface MappedNode {
  /** Where it listens. */
  addresses(): readonly string[];
  /** An address at which others reach it as well, or no more. */
  setOuterAddress(address: string | undefined): void;
}

export class NodeMapping {
  readonly #onState: (state: MappingState) => void;
  #state: MappingState = { type: "off", reason: "the node is starting" };
  #mapper: PortMapper | undefined;

  constructor(onState: (state: MappingState) => void) {
    this.#onState = onState;
  }

  get state(): MappingState {
    return this.#state;
  }

  /** Begins where the settings want it and there is something to be mapped. */
  start({ p2pPortMapping, p2pAnnounce }: Config, node: MappedNode): void {
    const port = portOf(node.addresses());
    const reason = !p2pPortMapping
      ? "p2p.port_mapping is off"
      : p2pAnnounce.length > 0
        ? "p2p.announce names the outer address"
        : "no IPv4 address of a local network is listened on";
    this.#state = { type: "off", reason };
    if (!p2pPortMapping || p2pAnnounce.length > 0 || port === undefined) return;
    const onState = (state: MappingState): void => {
      const isOther = JSON.stringify(state) !== JSON.stringify(this.#state);
      this.#state = state;
      node.setOuterAddress(state.type === "mapped" && state.isPublic ? state.address : undefined);
      if (isOther) this.#onState(state);
    };
    this.#state = { type: "asking" };
    this.#mapper = new PortMapper({ port, onState });
    void this.#mapper.map();
  }

  /** The machine is on another network, perhaps. */
  lookAgain(): void {
    void this.#mapper?.map();
  }

  async stop(): Promise<void> {
    await this.#mapper?.stop();
  }
}

/** The TCP port at an address of IPv4 that is not this machine's own. */
function portOf(addresses: readonly string[]): number | undefined {
  for (const address of addresses) {
    const ip = ipOfMultiaddr(address);
    const port = /^\/ip4\/[^/]+\/tcp\/([0-9]+)/.exec(address)?.[1];
    if (port !== undefined && ip !== undefined && !isLoopback(ip)) return Number(port);
  }
  return undefined;
}
