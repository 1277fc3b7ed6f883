/**
 * Own batches of a turn on their way out: gathered into as few gossip messages as are sensible,
 * because a message costs its senders far more than its bytes.
 */
import type { Time } from "../../base/brand.ts";
import type { Bytes } from "../../base/bytes.ts";
import { encodeGossip, gossipOverheadBytes } from "../../codec/gossip.ts";
import { messageOpsMax } from "../../codec/limits.ts";
import { presentOps } from "../../codec/parcel.ts";
import type { EffectSink } from "../effects.ts";
import { gossipGatherBytes } from "../sync/limits.ts";

export interface OutgoingMessage {
  readonly payload: Bytes;
  /** Somebody waits until others have a batch of it. */
  readonly isAwaited: boolean;
}

export class Outgoing {
  #batches: Bytes[] = [];
  readonly #awaited = new Set<Bytes>();

  add(batch: Bytes, isAwaited: boolean): void {
    this.#batches.push(batch);
    if (isAwaited) this.#awaited.add(batch);
  }

  /** `isLinked`: somebody is there to hear it. Returns what was published. */
  endTurn(now: Time, out: EffectSink, isLinked: boolean): readonly OutgoingMessage[] {
    const batches = this.#batches;
    if (batches.length === 0) return [];
    const published: OutgoingMessage[] = [];
    this.#batches = [];
    let gathered: Bytes[] = [];
    let bytes = 0;
    let ops = 0;
    const publish = (): void => {
      if (gathered.length === 0) return;
      const payload = encodeGossip(gathered);
      out.push({ type: "network", order: { type: "publish", payload } });
      published.push({ payload, isAwaited: gathered.some((batch) => this.#awaited.has(batch)) });
      if (isLinked)
        out.push({ type: "note", at: now.wall, note: { type: "batchesForwarded", batches: gathered.length } });
      gathered = [];
      bytes = 0;
      ops = 0;
    };
    for (const batch of batches) {
      const its = presentOps(batch);
      if (bytes + batch.length > gossipGatherBytes || ops + its > messageOpsMax) publish();
      gathered.push(batch);
      ops += its;
      bytes += batch.length + gossipOverheadBytes;
    }
    publish();
    this.#awaited.clear();
    return published;
  }
}
