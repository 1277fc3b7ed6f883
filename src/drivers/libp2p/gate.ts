/**
 * Keeps every protocol but admit, identify and ping shut until the core opens a link, in two
 * steps: `accept` lets the peer's streams in, `admit` starts our own and gossip.
 *
 * An inbound stream on a link that is not accepted is reset, or answered with a refusal where its protocol has one. A gossip stream on a link that is
 * accepted and not yet admitted is parked: paused and unread, until the admission that is on its
 * way, or for the time a peer has to say hello. Served at once, it would make gossip answer with
 * a stream of our own.
 *
 * Gossip is told of peers here and not by libp2p, which would do it at identify, long before
 * admission.
 * 1. A topology hears `onConnect` only for a peer with an admitted, open link.
 * 2. It hears `onDisconnect` only after `onConnect`, when the last such link has closed.
 * 3. When a link closes and another admitted one of the peer stays, it hears `onConnect` again
 *    with the one that stays, since its streams were on the one that closed.
 */
import type { Connection, Stream, StreamHandler, Topology } from "@libp2p/interface";
import type { PeerId } from "../../base/brand.ts";
import { wordsOf } from "./words-of.ts";
import { gossipStreamsMax, parkedMsMax } from "./limits.ts";
import type { Link } from "./link.ts";

/** The part of libp2p's registrar that a gated protocol needs. */
export interface GatedRegistrar {
  handle(protocol: string, handler: StreamHandler, options?: object): Promise<void>;
  unhandle(protocol: string): Promise<void>;
  register(protocol: string, topology: Topology): Promise<string>;
  unregister(id: string): void;
  getTopologies(protocol: string): Topology[];
}

interface Parked {
  readonly stream: Stream;
  readonly serve: () => void;
  readonly timer: NodeJS.Timeout;
}

export class Gate {
  readonly #linkOf: (connection: Connection) => Link | undefined;
  readonly #parked = new Map<Link, Parked[]>();
  readonly #admitted = new Map<PeerId, Link[]>();
  readonly #topologies = new Map<string, { readonly protocol: string; readonly topology: Topology }>();
  #topologyCount = 0;

  constructor(linkOf: (connection: Connection) => Link | undefined) {
    this.#linkOf = linkOf;
  }

  accept(link: Link): void {
    if (link.gate === "shut") link.gate = "accepted";
  }

  admit(link: Link): void {
    if (link.gate === "admitted" || !link.isOpen) return;
    link.gate = "admitted";
    const links = this.#admitted.get(link.peer) ?? [];
    this.#admitted.set(link.peer, [...links, link]);
    if (links.length === 0) this.#connect(link);
    const parked = this.#parked.get(link) ?? [];
    this.#parked.delete(link);
    for (const { stream, serve, timer } of parked) {
      clearTimeout(timer);
      if (stream.status === "open") serve();
    }
  }

  closed(link: Link): void {
    for (const { timer } of this.#parked.get(link) ?? []) clearTimeout(timer);
    this.#parked.delete(link);
    if (link.gate !== "admitted") return;
    const left = (this.#admitted.get(link.peer) ?? []).filter((other) => other !== link);
    const next = left[0];
    if (next === undefined) {
      this.#admitted.delete(link.peer);
      for (const topology of this.#distinctTopologies())
        tell(() => topology.onDisconnect?.(link.connection.remotePeer));
    } else {
      this.#admitted.set(link.peer, left);
      this.#connect(next);
    }
  }

  /** Peers with at least one admitted link. */
  admittedPeers(): IterableIterator<PeerId> {
    return this.#admitted.keys();
  }

  /** An admitted link to the peer that fits. */
  admittedLink(peer: PeerId, fits: (link: Link) => boolean): Link | undefined {
    return this.#admitted.get(peer)?.find((link) => link.isOpen && fits(link));
  }

  /** Tells gossip of the peer once more, where its streams were lost but the link was not. */
  reconnect(peer: PeerId): void {
    const link = this.#admitted.get(peer)?.find((other) => other.isOpen);
    if (link !== undefined) this.#connect(link);
  }

  /** A handler for streams on accepted links only. */
  whenAccepted(handler: StreamHandler): StreamHandler {
    return (stream, connection) => {
      const link = this.#linkOf(connection);
      if (link === undefined || link.gate === "shut") stream.abort(new Error("the link is not accepted"));
      else serveStream(handler, stream, connection);
    };
  }

  /** libp2p's registrar as gossip may see it. */
  registrar(inner: Pick<GatedRegistrar, "handle" | "unhandle">): GatedRegistrar {
    return {
      handle: (protocol, handler, options) => inner.handle(protocol, this.whenAdmitted(handler), options),
      unhandle: (protocol) => inner.unhandle(protocol),
      register: (protocol, topology) => {
        this.#topologyCount += 1;
        const id = `gated-${this.#topologyCount}`;
        this.#topologies.set(id, { protocol, topology });
        return Promise.resolve(id);
      },
      unregister: (id) => void this.#topologies.delete(id),
      getTopologies: (protocol) =>
        [...this.#topologies.values()].filter((entry) => entry.protocol === protocol).map((entry) => entry.topology),
    };
  }

  /** A handler for streams on admitted links; those of a link that is about to be admitted wait. */
  whenAdmitted(handler: StreamHandler): StreamHandler {
    return this.whenAccepted((stream, connection) => {
      const link = this.#linkOf(connection) as Link; // `whenAccepted` has found it
      const serve = (): void => serveStream(handler, stream, connection);
      if (link.gate === "admitted") serve();
      else this.#park(link, stream, serve);
    });
  }

  /** The same where a stream on a link that is not accepted is answered, in the words of its protocol, rather than reset. */
  whenAdmittedOr(refuse: StreamHandler, handler: StreamHandler): StreamHandler {
    const admitted = this.whenAdmitted(handler);
    return (stream, connection) => {
      const isShut = (this.#linkOf(connection)?.gate ?? "shut") === "shut";
      serveStream(isShut ? refuse : admitted, stream, connection);
    };
  }

  #park(link: Link, stream: Stream, serve: () => void): void {
    const parked = this.#parked.get(link) ?? [];
    if (parked.length >= gossipStreamsMax) {
      stream.abort(new Error("the link is not admitted"));
      return;
    }
    stream.pause();
    const timer = setTimeout(() => {
      this.#parked.set(
        link,
        (this.#parked.get(link) ?? []).filter((other) => other.stream !== stream),
      );
      stream.abort(new Error("the link was not admitted in time"));
    }, parkedMsMax);
    const resumeAndServe = (): void => {
      serve();
      if (stream.readStatus === "paused") stream.resume();
    };
    this.#parked.set(link, [...parked, { stream, serve: resumeAndServe, timer }]);
  }

  #connect(link: Link): void {
    for (const topology of this.#distinctTopologies())
      tell(() => topology.onConnect?.(link.connection.remotePeer, link.connection));
  }

  /** Gossip registers one topology under each version of its protocol. */
  #distinctTopologies(): Set<Topology> {
    return new Set([...this.#topologies.values()].map((entry) => entry.topology));
  }
}

function serveStream(handler: StreamHandler, stream: Stream, connection: Connection): void {
  const failed = (cause: unknown): void => stream.abort(new Error(wordsOf(cause)));
  try {
    Promise.resolve(handler(stream, connection)).catch(failed);
  } catch (cause) {
    failed(cause);
  }
}

/** Gossip's callbacks are synchronous and do not throw; should that change, the repair at its heartbeat tries again. */
function tell(call: () => void | Promise<void>): void {
  try {
    Promise.resolve(call()).catch(() => undefined);
  } catch {
    return;
  }
}
