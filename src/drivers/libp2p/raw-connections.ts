/**
 * Every raw connection of libp2p, from accept or connect to close: its bytes, how far its upgrade has
 * come, and why it failed. Most are of a transport, some are circuits of a relay.
 *
 * The driver wraps the transport, the encrypters and the muxer, and each wrapper reports to the
 * record of its carrier here. A record is found by the object the wrapper holds: the raw
 * connection, the encrypted one, or the timeline libp2p carries over from the raw connection to
 * the finished one.
 *
 * Bytes are the carrier's own counts, so they include every handshake, header and farewell. Those of circuits count for
 * their links, but not in the sums: they are among those of the relay's link.
 */
import type { Connection, MultiaddrConnection } from "@libp2p/interface";
import type { PeerId } from "../../base/brand.ts";
import { assert } from "../../base/assert.ts";
import type { Direction, LinkId } from "../../ports/network.ts";
import type { LinkFact } from "./driver-types.ts";
import { now } from "./now.ts";
import type { InputWatch, WatchedSocket } from "./rates/input-watch.ts";
import { CircuitConnection } from "./relay/circuit-connection.ts";
import { SocketCarrier } from "./socket-carrier.ts";
import { QuicConnection } from "./quic/connection.ts";
import { WsConnection } from "./ws/connection.ts";
import type { Carrier } from "./carrier.ts";

/** How far the upgrade of a carrier has come; a failure is classified by it. */
export type UpgradeStage = "choosingEncryption" | "encrypting" | "choosingMuxer" | "linked";

export interface RawConnection {
  readonly number: number;
  readonly direction: Direction;
  /** The order that dialed it, or that it is only to see who answers there; undefined for inbound ones. */
  readonly attempt: number | "probe" | undefined;
  stage: UpgradeStage;
  hasFailed: boolean;
  readonly carrier: Carrier;
  /** Counts what comes, and slows or ends it. */
  readonly watched: WatchedSocket;
  /** The first error of the encrypter, which libp2p passes on as text only. */
  encryptionError: Error | undefined;
}

/** A look whether the peer answers ends here: it does. */
export class PeerAnswers extends Error {
  override readonly name = "PeerAnswers";
}

export class RawConnections {
  readonly #onFact: (fact: LinkFact) => void;
  readonly #open = new Set<Carrier>();
  readonly #records = new WeakMap<object, RawConnection>();
  readonly #watch: InputWatch;
  #count = 0;
  #sentBytes = 0;
  #receivedBytes = 0;

  constructor(onFact: (fact: LinkFact) => void, watch: InputWatch) {
    this.#onFact = onFact;
    this.#watch = watch;
  }

  /** Begins to watch a carrier that has just connected or been accepted. */
  opened(raw: MultiaddrConnection, direction: Direction, attempt: number | "probe" | undefined): RawConnection {
    this.#count += 1;
    const carrier = carrierOf(raw);
    const record: RawConnection = {
      number: this.#count,
      direction,
      attempt,
      carrier,
      watched: this.#watch.opened(carrier, direction),
      stage: "choosingEncryption",
      hasFailed: false,
      encryptionError: undefined,
    };
    this.#records.set(raw, record);
    this.#records.set(raw.timeline, record);
    this.#follow(record);
    if (attempt === "probe") return record;
    const address = raw.remoteAddr.toString();
    this.#onFact({ type: "transportOpened", at: now(), connection: record.number, attempt, direction, address });
    return record;
  }

  handshakeStarted(raw: object, protocol: string): RawConnection {
    const record = this.#recordOf(raw);
    record.stage = "encrypting";
    this.#tell(record, { type: "handshakeStarted", at: now(), connection: record.number, protocol });
    return record;
  }

  /** Throws where that was all that was to be found out. */
  authenticated(raw: object, encrypted: object, peer: PeerId): void {
    const record = this.#recordOf(raw);
    record.stage = "choosingMuxer";
    this.#records.set(encrypted, record);
    this.#tell(record, { type: "authenticated", at: now(), connection: record.number, peer });
    if (record.attempt === "probe") throw new PeerAnswers();
  }

  negotiated(encrypted: object, muxer: string): RawConnection {
    const record = this.#recordOf(encrypted);
    this.#tell(record, { type: "negotiated", at: now(), connection: record.number, muxer });
    return record;
  }

  rawOf(connection: Connection): RawConnection {
    return this.#recordOf(connection.timeline);
  }

  linked(record: RawConnection, link: LinkId, peer: PeerId): void {
    record.stage = "linked";
    this.#watch.linked(record.watched, peer);
    this.#onFact({ type: "linked", at: now(), connection: record.number, link, peer });
  }

  /** Where the carrier closes without having become a link, the first reason given counts. */
  upgradeFailed(record: RawConnection, reason: string): void {
    if (record.stage === "linked" || record.hasFailed) return;
    record.hasFailed = true;
    this.#tell(record, { type: "upgradeFailed", at: now(), connection: record.number, reason });
  }

  get sentBytes(): number {
    let bytes = this.#sentBytes;
    for (const carrier of this.#open) bytes += carrier.bytesWritten;
    return bytes;
  }

  get receivedBytes(): number {
    let bytes = this.#receivedBytes;
    for (const carrier of this.#open) bytes += carrier.bytesRead;
    return bytes;
  }

  /** What comes of a look whether somebody answers is told to who wanted it only. */
  #tell(record: RawConnection, fact: LinkFact): void {
    if (record.attempt !== "probe") this.#onFact(fact);
  }

  #follow(record: RawConnection): void {
    const { carrier } = record;
    carrier.onClose(() => this.upgradeFailed(record, "the connection broke as it opened"));
    if (carrier instanceof CircuitConnection) return;
    this.#open.add(carrier);
    carrier.onClose(() => {
      this.#open.delete(carrier);
      this.#sentBytes += carrier.bytesWritten;
      this.#receivedBytes += carrier.bytesRead;
    });
  }

  #recordOf(key: object): RawConnection {
    const record = this.#records.get(key);
    assert(record !== undefined, "every connection was seen when its carrier opened");
    return record;
  }
}

/** Connections of our own carry themselves. */
function carrierOf(raw: MultiaddrConnection): Carrier {
  const isOurs = raw instanceof QuicConnection || raw instanceof WsConnection || raw instanceof CircuitConnection;
  return isOurs ? raw : new SocketCarrier(raw);
}
