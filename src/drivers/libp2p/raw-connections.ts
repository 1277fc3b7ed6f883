/**
 * Every raw connection of libp2p, from accept or connect to close: its bytes, how far its upgrade has
 * come, and why it failed.
 *
 * The driver wraps the transport, the encrypters and the muxer, and each wrapper reports to the
 * record of its carrier here. A record is found by the object the wrapper holds: the raw
 * connection, the encrypted one, or the timeline libp2p carries over from the raw connection to
 * the finished one.
 *
 * Bytes are the carrier's own counts, so they include every handshake, header and farewell.
 */
import type { Connection, MultiaddrConnection } from "@libp2p/interface";
import type { PeerId } from "../../base/brand.ts";
import { assert } from "../../base/assert.ts";
import type { Direction, LinkId } from "../../ports/network.ts";
import type { LinkFact } from "./driver-types.ts";
import { now } from "./now.ts";
import type { InputWatch, WatchedSocket } from "./rates/input-watch.ts";
import { SocketCarrier } from "./socket-carrier.ts";
import { QuicConnection } from "./quic/connection.ts";
import type { Carrier } from "./carrier.ts";

/** How far the upgrade of a carrier has come; a failure is classified by it. */
export type UpgradeStage = "choosingEncryption" | "encrypting" | "choosingMuxer" | "linked";

export interface RawConnection {
  readonly number: number;
  readonly direction: Direction;
  /** The order that dialed it; undefined for inbound ones. */
  readonly attempt: number | undefined;
  stage: UpgradeStage;
  hasFailed: boolean;
  readonly carrier: Carrier;
  /** Counts what comes, and slows or ends it. */
  readonly watched: WatchedSocket;
  /** The first error of the encrypter, which libp2p passes on as text only. */
  encryptionError: Error | undefined;
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
  opened(raw: MultiaddrConnection, direction: Direction, attempt: number | undefined): RawConnection {
    this.#count += 1;
    const carrier = raw instanceof QuicConnection ? raw : new SocketCarrier(raw);
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
    this.#onFact({
      type: "transportOpened",
      at: now(),
      connection: record.number,
      attempt,
      direction,
      address: raw.remoteAddr.toString(),
    });
    return record;
  }

  handshakeStarted(raw: object, protocol: string): RawConnection {
    const record = this.#recordOf(raw);
    record.stage = "encrypting";
    this.#onFact({ type: "handshakeStarted", at: now(), connection: record.number, protocol });
    return record;
  }

  authenticated(raw: object, encrypted: object, peer: PeerId): void {
    const record = this.#recordOf(raw);
    record.stage = "choosingMuxer";
    this.#records.set(encrypted, record);
    this.#onFact({ type: "authenticated", at: now(), connection: record.number, peer });
  }

  negotiated(encrypted: object, muxer: string): RawConnection {
    const record = this.#recordOf(encrypted);
    this.#onFact({ type: "negotiated", at: now(), connection: record.number, muxer });
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
    this.#onFact({ type: "upgradeFailed", at: now(), connection: record.number, reason });
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

  #follow(record: RawConnection): void {
    const { carrier } = record;
    this.#open.add(carrier);
    carrier.onClose(() => {
      this.#open.delete(carrier);
      this.#sentBytes += carrier.bytesWritten;
      this.#receivedBytes += carrier.bytesRead;
      this.upgradeFailed(record, "the connection broke as it opened");
    });
  }

  #recordOf(key: object): RawConnection {
    const record = this.#records.get(key);
    assert(record !== undefined, "every connection was seen when its carrier opened");
    return record;
  }
}
