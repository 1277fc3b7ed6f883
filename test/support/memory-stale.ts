/**
 * Old entries of the node in memory: what a test put there, and the operator's decisions about it.
 */
import type { Instant, PeerId } from "../../src/base/brand.ts";
import { Fault } from "../../src/base/fault.ts";
import type { AsideOutcome, SetAsideEntry, StaleFacade, StaleOptions, StaleReport } from "../../src/node/stale.ts";

const madeAt = Date.UTC(2026, 0, 2, 3, 4, 5) as Instant;

export class MemoryStale implements StaleFacade {
  readonly #put: (key: string, value: Uint8Array) => void;
  /** What is told beside the entries. */
  told: Omit<StaleReport, "setAside" | "entries" | "next"> = {
    age: "current",
    createdAt: madeAt,
    reconciledAt: madeAt,
    staleAt: (madeAt + 15 * 86_400_000) as Instant,
    horizonDays: 30,
    peers: 1,
    apart: [],
    adoption: undefined,
    comparing: undefined,
  };
  /** The newest first. */
  aside: SetAsideEntry[] = [];
  /** Peers that can be followed. */
  linked: PeerId[] = [];
  /** What the order comes to. */
  becomes: "waiting" | "done" | "linkLost" = "done";

  constructor(put: (key: string, value: Uint8Array) => void) {
    this.#put = put;
  }

  async report({ prefix = "", limit = 100, after = Infinity }: StaleOptions = {}): Promise<StaleReport> {
    const all = this.aside.map((entry, index) => ({ entry, position: this.aside.length - index }));
    const found = all.filter(({ entry, position }) => entry.key.startsWith(prefix) && position < after);
    const shown = found.slice(0, limit);
    return {
      ...this.told,
      setAside: all.filter(({ entry }) => entry.key.startsWith(prefix)).length,
      entries: shown.map(({ entry }) => entry),
      next: found.length > limit ? shown.at(-1)?.position : undefined,
    };
  }

  async reissue(keys: readonly string[]): Promise<AsideOutcome> {
    const outcome = this.#take(keys, ({ sizeBytes }) => sizeBytes !== undefined);
    for (const key of outcome.done) this.#put(key, Buffer.from("again"));
    return outcome;
  }

  async drop(keys: readonly string[]): Promise<AsideOutcome> {
    return this.#take(keys, () => true);
  }

  async adopt(target: string): Promise<{ readonly peer: PeerId }> {
    const peer = this.linked.find((each) => each.startsWith(target));
    if (peer === undefined) throw new Fault("peer_not_connected", `${target} is not connected.`, { peer: target });
    const adoption = { peer, state: this.becomes, setAside: 2, taken: 3 };
    this.told = { ...this.told, adoption, apart: this.told.apart.filter((each) => each.peer !== peer) };
    return { peer };
  }

  #take(keys: readonly string[], isFit: (entry: SetAsideEntry) => boolean): AsideOutcome {
    const taken = this.aside.filter((entry) => keys.includes(entry.key) && isFit(entry)).map(({ key }) => key);
    this.aside = this.aside.filter(({ key }) => !taken.includes(key));
    return { done: taken, unknown: keys.filter((key) => !taken.includes(key)) };
  }
}
