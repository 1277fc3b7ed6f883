/**
 * Links without a connection and connections without a link. Between an event and the next one of a pair both may
 * be seen for a moment, so only what is found twice in a row counts.
 */
import type { Connection } from "@libp2p/interface";

interface Linked {
  readonly connection: Connection;
}

export class Strays {
  #suspects: ReadonlySet<object> = new Set();

  /** To be called again and again, with time in between. */
  check<Link extends Linked>(
    connections: readonly Connection[],
    links: Iterable<Link>,
    found: { dead(link: Link): void; stray(connection: Connection): void },
  ): void {
    const standing = new Set(connections);
    const linked = [...links];
    const known = new Set(linked.map(({ connection }) => connection));
    const dead = linked.filter(({ connection }) => !standing.has(connection));
    const stray = connections.filter((connection) => !known.has(connection));
    const before = this.#suspects;
    this.#suspects = new Set<object>([...dead, ...stray]);
    for (const link of dead) if (before.has(link)) found.dead(link);
    for (const connection of stray) if (before.has(connection)) found.stray(connection);
  }
}
