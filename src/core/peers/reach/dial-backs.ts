/**
 * Dialing back for others (`machine.ts`): whoever asks is dialed at the address its link comes from, and at no
 * other, so that nobody can be made to dial a third one. An answer tells how it went.
 *
 * Bounded: one question of a link in 30 s, four at once in all; what is beyond is answered `notTried`.
 */
import type { PeerId, Time } from "../../../base/brand.ts";
import { isRelayed } from "../../../base/relayed-address.ts";
import { type DialBackOutcome, dialBackOutcomes, encodePeers } from "../../../codec/peers.ts";
import type { DialFailure, LinkId } from "../../../ports/network.ts";
import type { EffectSink } from "../../effects.ts";
import { dialBackEveryMsMin, dialBacksMax } from "./limits.ts";

interface DialBack {
  readonly link: LinkId;
  /** The asker's own number. */
  readonly number: number;
  readonly host: string;
  readonly peer: PeerId;
  /** Those that are still to be tried. */
  readonly ports: number[];
}

/** A member that asks, and where its link comes from. */
export interface Asker {
  readonly link: LinkId;
  readonly peer: PeerId;
  readonly address: string;
}

export class DialBacks {
  readonly #underWay = new Map<number, DialBack>();
  /** Monotonic time from which on a link may ask again. */
  readonly #nextAt = new Map<LinkId, number>();
  #numbers = 0;

  asked({ link, peer, address }: Asker, number: number, ports: readonly number[], now: Time, out: EffectSink): void {
    const host = isRelayed(address) ? undefined : /^(\/ip[46]\/[^/]+)\/(?:tcp|udp)\//.exec(address)?.[1];
    const isTooMuch = this.#underWay.size >= dialBacksMax || now.mono < (this.#nextAt.get(link) ?? 0);
    if (host === undefined || isTooMuch) return answer(link, number, "notTried", out);
    this.#nextAt.set(link, now.mono + dialBackEveryMsMin);
    this.#dial({ link, number, host, peer, ports: [...ports] }, out);
  }

  probed(number: number, failure: DialFailure | undefined, out: EffectSink): void {
    const dialBack = this.#underWay.get(number);
    this.#underWay.delete(number);
    if (dialBack === undefined) return;
    if (failure !== undefined && dialBack.ports.length > 0) return this.#dial(dialBack, out);
    answer(dialBack.link, dialBack.number, outcomeOf(failure), out);
  }

  linkLost(link: LinkId): void {
    this.#nextAt.delete(link);
    for (const [number, dialBack] of this.#underWay) if (dialBack.link === link) this.#underWay.delete(number);
  }

  #dial(dialBack: DialBack, out: EffectSink): void {
    const number = ++this.#numbers;
    this.#underWay.set(number, dialBack);
    const address = `${dialBack.host}/tcp/${dialBack.ports.shift() ?? 0}/p2p/${dialBack.peer}`;
    out.push({ type: "network", order: { type: "probe", address, number } });
  }
}

function outcomeOf(failure: DialFailure | undefined): DialBackOutcome {
  return failure === undefined ? "reached" : (dialBackOutcomes.find((outcome) => outcome === failure) ?? "other");
}

function answer(link: LinkId, number: number, outcome: DialBackOutcome, out: EffectSink): void {
  const frame = encodePeers({ type: "dialedBack", number, outcome });
  out.push({ type: "network", order: { type: "send", link, protocol: "peers", frame } });
}
