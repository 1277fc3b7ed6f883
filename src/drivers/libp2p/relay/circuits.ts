/** Makes streams by way of a relay into connections, under the same watchers as those of the transports. */
import type { ComponentLogger, Connection, Stream, Upgrader } from "@libp2p/interface";
import type { Multiaddr } from "@multiformats/multiaddr";
import type { PeerId } from "../../../base/brand.ts";
import type { Direction } from "../../../ports/network.ts";
import type { InputWatch } from "../rates/input-watch.ts";
import type { RawConnection, RawConnections } from "../raw-connections.ts";
import { wordsOf } from "../words-of.ts";
import { CircuitConnection } from "./circuit-connection.ts";

export interface Circuit {
  readonly stream: Stream;
  /** By way of the relay to the peer, whose name is at its end. */
  readonly address: Multiaddr;
  readonly relay: PeerId;
}

export class Circuits {
  readonly #upgrader: Upgrader;
  readonly #logger: ComponentLogger;
  readonly #raws: RawConnections;
  readonly #watch: InputWatch;

  constructor(
    { upgrader, logger }: { readonly upgrader: Upgrader; readonly logger: ComponentLogger },
    raws: RawConnections,
    watch: InputWatch,
  ) {
    this.#upgrader = upgrader;
    this.#logger = logger;
    this.#raws = raws;
    this.#watch = watch;
  }

  /** Of one that a relay gave us. */
  async dial(
    circuit: Circuit,
    onRaw: (raw: RawConnection) => void,
    attempt: number | "probe",
    signal: AbortSignal,
  ): Promise<Connection> {
    const raw = this.#rawOf(circuit, "outbound");
    const record = this.#raws.opened(raw, "outbound", attempt);
    onRaw(record);
    return await this.#upgrading(raw, record, () => this.#upgrader.upgradeOutbound(raw, { signal }));
  }

  /** Of one that a peer opened by way of a relay, if it may. Never rejects. */
  async accept(circuit: Circuit): Promise<void> {
    if (!this.#watch.mayConnect(circuit.relay)) {
      circuit.stream.abort(new Error("too many circuits of this relay"));
      return;
    }
    const raw = this.#rawOf(circuit, "inbound");
    const record = this.#raws.opened(raw, "inbound", undefined);
    const { signal } = new AbortController(); // libp2p has its own time limit for those that come in
    try {
      await this.#upgrading(raw, record, () => this.#upgrader.upgradeInbound(raw, { signal }));
    } catch {
      return; // told by `RawConnections`
    }
  }

  async #upgrading<T>(raw: CircuitConnection, record: RawConnection, upgrade: () => Promise<T>): Promise<T> {
    try {
      return await upgrade();
    } catch (cause) {
      const words = wordsOf(record.encryptionError ?? cause);
      this.#raws.upgradeFailed(record, words);
      raw.abort(new Error(words));
      throw cause;
    }
  }

  #rawOf({ stream, address, relay }: Circuit, direction: Direction): CircuitConnection {
    return new CircuitConnection({
      stream,
      direction,
      address,
      relay,
      log: this.#logger.forComponent("p2p-sync:circuit"),
    });
  }
}
