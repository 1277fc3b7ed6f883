/**
 * Settings that several machines share. A change is made to the version that was read and is tried
 * again where that is not the newest one here any more, so that on one node no change is lost; of
 * changes on two nodes at the same moment the later one wins, on all of them.
 */
import { Fault, type Node } from "p2p-sync";

export class SharedConfig<Settings extends object> {
  readonly #node: Node;
  readonly #key: string;
  readonly #defaults: Settings;

  constructor(node: Node, key: string, defaults: Settings) {
    this.#node = node;
    this.#key = key;
    this.#defaults = defaults;
  }

  async read(): Promise<Settings> {
    const entry = await this.#node.get(this.#key);
    return entry === undefined ? this.#defaults : this.#parsed(entry.value);
  }

  async change(edit: (settings: Settings) => Settings): Promise<void> {
    for (;;) {
      const entry = await this.#node.get(this.#key);
      const settings = edit(entry === undefined ? this.#defaults : this.#parsed(entry.value));
      const condition = entry === undefined ? { ifNoneMatch: "*" } : { ifMatch: entry.etag };
      try {
        await this.#node.put(this.#key, new TextEncoder().encode(JSON.stringify(settings)), condition);
        return;
      } catch (error) {
        if (!(error instanceof Fault) || error.code !== "precondition_failed") throw error;
      }
    }
  }

  /** The settings now, and again whenever any machine changes them. */
  async *watch(signal?: AbortSignal): AsyncGenerator<Settings> {
    const changes = this.#node.watch({ prefix: this.#key, ...(signal !== undefined && { signal }) });
    yield await this.read();
    for await (const { key, value } of changes)
      if (key === this.#key) yield value === undefined ? this.#defaults : this.#parsed(value);
  }

  #parsed(value: Uint8Array): Settings {
    return { ...this.#defaults, ...(JSON.parse(new TextDecoder().decode(value)) as Partial<Settings>) };
  }
}
