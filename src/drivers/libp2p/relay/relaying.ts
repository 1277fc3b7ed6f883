/**
 * Relays as the driver uses them: serves one, keeps places at those of others, and makes circuits
 * into connections. Whom to ask for a place, and whom to dial, the core decides.
 */
import type { Connection, Libp2p, Stream } from "@libp2p/interface";
import { multiaddr } from "@multiformats/multiaddr";
import type { PeerId } from "../../../base/brand.ts";
import { isRelayed, relayedBy } from "../../../base/relayed-address.ts";
import type { LinkId, NetworkEvent } from "../../../ports/network.ts";
import type { Gate } from "../gate.ts";
import type { Link } from "../link.ts";
import type { Circuits } from "./circuits.ts";
import { askForCircuit, askForPlace, CircuitRefused, takeCircuit } from "./client.ts";
import { relayStreamsMax } from "./limits.ts";
import { hopProtocol, type RelayFact, RelayServer, stopProtocol } from "./server.ts";

export interface RelayingInit {
  /** Whether others may be relayed by this node. */
  readonly serves: boolean;
  readonly gate: Gate;
  readonly linkOf: (connection: Connection) => Link | undefined;
  readonly onFact: (fact: RelayFact) => void;
  readonly onEvent: (event: NetworkEvent) => void;
  /** The addresses of this node by way of relays are others now. */
  readonly onAddresses: () => void;
}

export class Relaying {
  readonly #init: RelayingInit;
  readonly #server: RelayServer;
  readonly #places = new Map<LinkId, Link>();
  #circuits: Circuits | undefined;

  constructor(init: RelayingInit) {
    this.#init = init;
    this.#server = new RelayServer({
      connectionTo: (peer) => this.#linkTo(peer)?.connection,
      onFact: init.onFact,
      onGuests: (guests) => init.onEvent({ type: "guestsChanged", guests }),
    });
  }

  async serve(libp2p: Libp2p, circuits: Circuits): Promise<void> {
    this.#circuits = circuits;
    const { gate, serves } = this.#init;
    const streams = { maxInboundStreams: relayStreamsMax, maxOutboundStreams: relayStreamsMax };
    const offered = gate.whenAdmitted((stream, connection) => this.#offered(stream, connection));
    await libp2p.handle(stopProtocol, offered, streams);
    const asked = gate.whenAdmittedOr(
      (stream) => this.#server.refuseStranger(stream),
      (stream, connection) => this.#server.serve(stream, connection),
    );
    if (serves) await libp2p.handle(hopProtocol, asked, streams);
  }

  /** Where this node can be dialed by way of relays. */
  addresses(): readonly string[] {
    return [...this.#places.values()].map((link) => relayedBy(nameOf(link)));
  }

  /** How many members are relayed, and how many pairs now. */
  served(): { readonly guests: number; readonly circuits: number } {
    return { guests: this.#server.guests().length, circuits: this.#server.circuits };
  }

  async reserve(link: Link): Promise<void> {
    const refused = isRelayed(nameOf(link)) ? "it is relayed itself" : await askForPlace(link.connection);
    if (refused === undefined && link.isOpen) this.#places.set(link.id, link);
    else this.#places.delete(link.id);
    this.#init.onEvent({ type: "reserved", link: link.id, refused });
    this.#init.onAddresses();
  }

  release(link: LinkId): void {
    if (this.#places.delete(link)) this.#init.onAddresses();
  }

  closed(link: Link): void {
    this.release(link.id);
    this.#server.sweep();
  }

  /** A circuit to a peer by way of a relay that is linked. Throws `CircuitRefused`. */
  async connect(relay: PeerId, to: PeerId, signal: AbortSignal): Promise<Stream> {
    const link = this.#linkTo(relay);
    if (link === undefined) throw new CircuitRefused("unreachable", "relay: this node is not linked with it");
    return await askForCircuit(link.connection, to, signal);
  }

  stop(): void {
    this.#server.stop();
  }

  /** A relay offers a circuit from another member. */
  async #offered(stream: Stream, connection: Connection): Promise<void> {
    const link = this.#init.linkOf(connection);
    const circuit = await takeCircuit(stream, link !== undefined && this.#places.has(link.id));
    if (circuit === undefined || link === undefined) return;
    const address = multiaddr(`${relayedBy(nameOf(link))}/p2p/${circuit.from}`);
    await this.#circuits?.accept({ stream: circuit.stream, address, relay: link.peer });
  }

  #linkTo(peer: PeerId): Link | undefined {
    return this.#init.gate.admittedLink(peer, (link) => !isRelayed(link.connection.remoteAddr.toString()));
  }
}

/** Where the link leads, with the name of the peer there. */
function nameOf({ connection, peer }: Link): string {
  const address = connection.remoteAddr.toString();
  return address.endsWith(`/p2p/${peer}`) ? address : `${address}/p2p/${peer}`;
}
