/**
 * Probes sent because another member asked whether a third one is there. Done by every node, whether
 * its own detector is on or not.
 *
 * 1. Per link at most 50 questions at once and 25 a second after that; what is beyond is not answered.
 * 2. A question is forgotten when it is answered, when its time is over, or when the asker's link ends.
 */
import type { LinkId } from "../../../ports/network.ts";
import { questionsAtOnceMax, questionsPerSecondMax, relayMsMax } from "./limits.ts";

/** Who waits for the answer, and the number it asked under. */
export interface Asker {
  readonly link: LinkId;
  readonly number: number;
}

interface Relay {
  readonly asker: Asker;
  readonly target: LinkId;
  readonly at: number;
}

export class Relays {
  /** By the number of the probe that was sent, oldest first. */
  readonly #relays = new Map<number, Relay>();
  readonly #allowances = new Map<LinkId, { questions: number; at: number }>();

  /** Whether this link may ask now; counts the question. */
  mayAsk(link: LinkId, mono: number): boolean {
    const { questions, at } = this.#allowances.get(link) ?? { questions: questionsAtOnceMax, at: mono };
    const grown = Math.min(questionsAtOnceMax, questions + ((mono - at) / 1_000) * questionsPerSecondMax);
    this.#allowances.set(link, { questions: grown >= 1 ? grown - 1 : grown, at: mono });
    return grown >= 1;
  }

  sent(number: number, asker: Asker, target: LinkId, mono: number): void {
    this.#forgetOld(mono);
    this.#relays.set(number, { asker, target, at: mono });
  }

  /** Who waits for this answer, if anybody does. */
  answered(number: number, from: LinkId, mono: number): Asker | undefined {
    this.#forgetOld(mono);
    const relay = this.#relays.get(number);
    if (relay === undefined || relay.target !== from) return undefined;
    this.#relays.delete(number);
    return relay.asker;
  }

  /** All other links are gone, and with them what they asked. */
  keepOnly(standing: ReadonlySet<LinkId>): void {
    for (const link of this.#allowances.keys()) if (!standing.has(link)) this.#allowances.delete(link);
    for (const [number, { asker }] of this.#relays) if (!standing.has(asker.link)) this.#relays.delete(number);
  }

  /** Questions that are waited for. */
  get size(): number {
    return this.#relays.size;
  }

  #forgetOld(mono: number): void {
    for (const [number, { at }] of this.#relays) {
      if (mono - at < relayMsMax) return;
      this.#relays.delete(number);
    }
  }
}
