/**
 * Answers an operator's questions about old entries, and carries out the decisions.
 */
import type { Instant, Millis, PeerId } from "../base/brand.ts";
import { Fault } from "../base/fault.ts";
import { peerIdOf } from "../codec/peer-id.ts";
import { horizonMsOf } from "../core/data/collection.ts";
import { staleAfterShare } from "../core/data/limits.ts";
import type { ReadAside } from "../drivers/storage/aside-reader.ts";
import type { Explanation } from "./facade.ts";
import type { AskedNode } from "./questions.ts";
import { checkLimit } from "./read-views.ts";
import {
  asideKeysMax,
  type AsideOutcome,
  type SetAsideEntry,
  type StaleFacade,
  type StaleOptions,
  type StaleReport,
} from "./stale.ts";
import { refusalOf } from "./write-request.ts";

export class OldEntries implements StaleFacade {
  readonly #node: AskedNode;
  readonly #why: (target: string) => Promise<Explanation>;

  constructor(node: AskedNode, why: (target: string) => Promise<Explanation>) {
    this.#node = node;
    this.#why = why;
  }

  get #staleAfterMs(): Millis {
    return horizonMsOf(this.#node.horizonDays()) * staleAfterShare;
  }

  async report({ prefix = "", limit = 100, after = Number.MAX_SAFE_INTEGER }: StaleOptions = {}): Promise<StaleReport> {
    checkLimit(limit);
    if (!Number.isSafeInteger(after) || after < 0)
      throw new Fault("invalid_argument", "after is the next of an earlier answer", { field: "after" });
    const { age, createdAt, reconciledAt, apart, adoption, walking, admitted } = await this.#node.client().snapshot();
    const { aside } = this.#node.reader();
    const found = aside.page(prefix, after, limit + 1);
    const rows = found.slice(0, limit);
    return {
      age,
      createdAt,
      reconciledAt,
      staleAt: age === "young" ? undefined : (((reconciledAt ?? createdAt) + this.#staleAfterMs) as Instant),
      horizonDays: this.#node.horizonDays(),
      peers: admitted.length,
      apart,
      adoption,
      comparing: walking,
      setAside: aside.count(prefix),
      entries: rows.map(entryOf),
      next: found.length > limit ? rows.at(-1)?.position : undefined,
    };
  }

  reissue(keys: readonly string[]): Promise<AsideOutcome> {
    return this.#order("reissueRequested", keys);
  }

  drop(keys: readonly string[]): Promise<AsideOutcome> {
    return this.#order("dropAsideRequested", keys);
  }

  async adopt(target: string): Promise<{ readonly peer: PeerId }> {
    const { peer, cause, conclusion } = await this.#why(target);
    if (cause === "ambiguous" || cause === "self") throw new Fault("invalid_argument", conclusion, { field: "peer" });
    if (peer === undefined) throw new Fault("peer_not_connected", conclusion);
    const outcome = await this.#node.client().ask({ type: "adoptRequested", peer });
    if (outcome.type !== "done") throw refusalOf(outcome);
    return { peer };
  }

  async #order(type: "reissueRequested" | "dropAsideRequested", keys: readonly string[]): Promise<AsideOutcome> {
    checkKeys(keys);
    const outcome = await this.#node.client().ask({ type, keys });
    if (outcome.type !== "aside") throw refusalOf(outcome);
    const done = new Set(outcome.keys);
    return { done: [...done], unknown: [...new Set(keys)].filter((key) => !done.has(key)) };
  }
}

function checkKeys(keys: readonly string[]): void {
  if (keys.length < 1 || keys.length > asideKeysMax)
    throw new Fault("invalid_argument", `keys are 1 to ${asideKeysMax}, not ${keys.length}`, { field: "keys" });
  if (keys.some((key) => typeof key !== "string"))
    throw new Fault("invalid_argument", "keys are strings", { field: "keys" });
}

function entryOf({ key, sizeBytes, author, stamp, at, since }: ReadAside): SetAsideEntry {
  return { key, sizeBytes, writer: peerIdOf(author), stamp, at, since };
}
