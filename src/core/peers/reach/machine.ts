/**
 * Whether others can dial this node, and what to do while they cannot. Behind a NAT or a firewall a node
 * sees nothing of it: it dials out, and nobody comes in. So it asks those it has dialed to dial back, like
 * ringing one's own door bell, and where they fail it takes places at relays, by way of which others reach it.
 * Level-triggered: inputs edit one record per link, `evaluate` derives questions and places.
 *
 * 1. Only links of our own dialing that are neither relayed nor within this machine are asked, three at once;
 *    a peer that dialed in has proven it.
 * 2. Peers outside local networks count, and only where there are none those inside: a neighbour can dial what the
 *    rest of the world cannot. Of several the majority decides; where they are even, nobody can, for a place
 *    that is not needed costs little.
 * 3. While the verdict is `unreachable` two places are held, at peers that this node dialed itself and that have
 *    room; a relay that is gone, or refuses, is replaced by another.
 * 4. An answer counts under its number and from the link that was asked, once. A liar can make us take places
 *    that we do not need, or, where he is the majority, none; he cannot make us dial anybody.
 *
 * Source: AutoNAT (github.com/libp2p/specs/tree/master/autonat) for dialing back; circuit relay v2 for places.
 */
import type { PeerId, Time } from "../../../base/brand.ts";
import { isOutside } from "../../../base/address-scope.ts";
import { type IpRange, ipOfMultiaddr, isLoopback } from "../../../base/ip-range.ts";
import type { Prng } from "../../../base/prng.ts";
import { isRelayed } from "../../../base/relayed-address.ts";
import { dialBackPortsMax } from "../../../codec/limits.ts";
import { type DialBackOutcome, encodePeers } from "../../../codec/peers.ts";
import type { Direction, LinkId } from "../../../ports/network.ts";
import type { EffectSink } from "../../effects.ts";
import {
  askDialBackAgainMs,
  askDialBackEveryMs,
  placeAgainMs,
  placeRefusedMs,
  placesWanted,
  reachJitter,
  witnessesMax,
} from "./limits.ts";

export type ReachVerdict = "reachable" | "unreachable" | "unknown";

export type ReachInput =
  | {
      readonly type: "admitted";
      readonly link: LinkId;
      readonly peer: PeerId;
      readonly direction: Direction;
      readonly address: string;
    }
  | { readonly type: "linkLost"; readonly link: LinkId }
  /** Where this node listens, and where others may think that it does. */
  | { readonly type: "listening"; readonly addresses: readonly string[] }
  | {
      readonly type: "dialedBack";
      readonly link: LinkId;
      readonly number: number;
      readonly outcome: DialBackOutcome;
    }
  | { readonly type: "reserved"; readonly link: LinkId; readonly refused: string | undefined }
  /** What was found out before may not hold any more. */
  | { readonly type: "circumstancesChanged" }
  | { readonly type: "timePassed" };

export interface ReachOptions {
  readonly prng: Prng;
  /** Local networks. */
  readonly local: () => readonly IpRange[];
  /** Whether places at relays are taken where they are needed. */
  readonly usesRelays: boolean;
}

/** A peer that told, or showed, whether it can dial us. */
export interface Witness {
  readonly peer: PeerId;
  /** `dialedIn` where its link is of its own dialing. */
  readonly outcome: DialBackOutcome | "dialedIn";
  readonly outside: boolean;
}

export interface Place {
  readonly peer: PeerId;
  /** Undefined where the place is held. */
  readonly refused: string | undefined;
}

export interface ReachSnapshot {
  readonly verdict: ReachVerdict;
  readonly witnesses: readonly Witness[];
  readonly places: readonly Place[];
}

interface Known {
  readonly peer: PeerId;
  readonly direction: Direction;
  readonly outside: boolean;
  askAt: number;
  /** The open question. */
  asked: number | undefined;
  outcome: DialBackOutcome | undefined;
  place: "none" | "asked" | "held";
  /** When a place is asked for, at the earliest, or again. */
  placeAt: number;
  refused: string | undefined;
}

export class Reach {
  readonly #options: ReachOptions;
  readonly #links = new Map<LinkId, Known>();
  #ports: readonly number[] = [];
  #numbers = 0;
  #told: ReachVerdict = "unknown";

  constructor(options: ReachOptions) {
    this.#options = options;
  }

  step(input: ReachInput, now: Time, out: EffectSink): void {
    switch (input.type) {
      case "admitted":
        this.#admitted(input, now);
        break;
      case "linkLost":
        this.#links.delete(input.link);
        break;
      case "listening":
        this.#listening(input.addresses, now);
        break;
      case "dialedBack":
        this.#dialedBack(input.link, input.number, input.outcome, now);
        break;
      case "reserved":
        this.#reserved(input.link, input.refused, now, out);
        break;
      case "circumstancesChanged":
        this.#askAnew(now);
        break;
      case "timePassed":
        break;
    }
    this.#evaluate(now, out);
  }

  nextDeadline(): number | undefined {
    let next = Infinity;
    for (const known of this.#asked()) next = Math.min(next, known.askAt);
    if (this.#wanted() > 0) for (const known of this.#relays()) next = Math.min(next, known.placeAt);
    return next === Infinity ? undefined : next;
  }

  snapshot(): ReachSnapshot {
    const places = [...this.#links.values()].filter(({ place, refused }) => place === "held" || refused !== undefined);
    return {
      verdict: this.#verdict(),
      witnesses: this.#witnesses(),
      places: places.map(({ peer, place, refused }) => ({ peer, refused: place === "held" ? undefined : refused })),
    };
  }

  #evaluate(now: Time, out: EffectSink): void {
    for (const [link, known] of this.#links)
      if (now.mono >= known.askAt && this.#asked().includes(known)) this.#ask(link, known, now, out);
    const verdict = this.#verdict();
    if (verdict !== this.#told) {
      this.#told = verdict;
      out.push({ type: "note", at: now.wall, note: { type: "reachFound", verdict, peers: this.#witnesses().length } });
    }
    this.#takePlaces(now, out);
  }

  #ask(link: LinkId, known: Known, now: Time, out: EffectSink): void {
    known.asked = this.#numbers = (this.#numbers + 1) >>> 0;
    known.askAt = now.mono + this.#options.prng.jittered(askDialBackEveryMs, reachJitter);
    const frame = encodePeers({ type: "askDialBack", number: known.asked, ports: this.#ports });
    out.push({ type: "network", order: { type: "send", link, protocol: "peers", frame } });
  }

  /** Held ones are asked for again in time; where there are too few others are, where too many they are given back. */
  #takePlaces(now: Time, out: EffectSink): void {
    const wanted = this.#wanted();
    let places = 0;
    const relays = this.#relays().toSorted((a, b) => Number(a.place === "none") - Number(b.place === "none"));
    for (const known of relays) {
      const link = this.#linkOf(known);
      if (places >= wanted) {
        if (known.place === "held") out.push({ type: "network", order: { type: "release", link } });
        known.place = "none";
        continue;
      }
      if (known.place === "none" && now.mono < known.placeAt) continue;
      places += 1;
      if (now.mono < known.placeAt || known.place === "asked") continue;
      if (known.place === "none") known.place = "asked";
      known.placeAt = now.mono + placeAgainMs;
      out.push({ type: "network", order: { type: "reserve", link } });
    }
  }

  #verdict(): ReachVerdict {
    const all = this.#witnesses();
    const outside = all.filter((each) => each.outside);
    const heard = outside.length > 0 ? outside : all;
    const yes = heard.filter(({ outcome }) => outcome === "reached" || outcome === "dialedIn").length;
    return heard.length === 0 ? "unknown" : yes > heard.length - yes ? "reachable" : "unreachable";
  }

  #witnesses(): readonly Witness[] {
    return [...this.#links.values()].flatMap(({ peer, direction, outcome, outside }): readonly Witness[] => {
      if (direction === "inbound") return [{ peer, outcome: "dialedIn", outside }];
      return outcome === undefined || outcome === "notTried" || outcome === "other" ? [] : [{ peer, outcome, outside }];
    });
  }

  /** Whom to ask: the first of the farthest. */
  #asked(): readonly Known[] {
    if (this.#ports.length === 0) return [];
    return this.#dialedByUs().slice(0, witnessesMax);
  }

  #relays(): readonly Known[] {
    return this.#options.usesRelays ? this.#dialedByUs() : [];
  }

  #dialedByUs(): readonly Known[] {
    const dialed = [...this.#links.values()].filter(({ direction }) => direction === "outbound");
    return dialed.toSorted((a, b) => Number(b.outside) - Number(a.outside));
  }

  #wanted(): number {
    return this.#verdict() === "unreachable" ? placesWanted : 0;
  }

  #linkOf(known: Known): LinkId {
    for (const [link, each] of this.#links) if (each === known) return link;
    return 0;
  }

  #admitted(input: Extract<ReachInput, { type: "admitted" }>, now: Time): void {
    const { link, peer, direction, address } = input;
    const ip = isRelayed(address) ? undefined : ipOfMultiaddr(address);
    if (ip === undefined || isLoopback(ip)) return;
    this.#links.set(link, {
      peer,
      direction,
      outside: isOutside(ip, this.#options.local()),
      askAt: now.mono,
      asked: undefined,
      outcome: undefined,
      place: "none",
      placeAt: now.mono,
      refused: undefined,
    });
  }

  #listening(addresses: readonly string[], now: Time): void {
    const direct = addresses.filter((address) => !isRelayed(address));
    const ports = direct.flatMap((address) => Number(/\/tcp\/([0-9]+)/.exec(address)?.[1] ?? 0) || []);
    const fresh = [...new Set(ports)].slice(0, dialBackPortsMax);
    if (fresh.join() === this.#ports.join()) return;
    this.#ports = fresh;
    this.#askAnew(now);
  }

  #dialedBack(link: LinkId, number: number, outcome: DialBackOutcome, { mono }: Time): void {
    const known = this.#links.get(link);
    if (known === undefined || known.asked !== number) return;
    known.asked = undefined;
    if (outcome === "notTried" || outcome === "other") {
      const again = mono + this.#options.prng.jittered(askDialBackAgainMs, reachJitter);
      known.askAt = Math.min(known.askAt, again);
    } else known.outcome = outcome;
  }

  #reserved(link: LinkId, refused: string | undefined, now: Time, out: EffectSink): void {
    const known = this.#links.get(link);
    if (known === undefined) return;
    if (known.place === "none") {
      if (refused === undefined) out.push({ type: "network", order: { type: "release", link } }); // not wanted any more
      return;
    }
    const isNew = known.place === "asked";
    known.place = refused === undefined ? "held" : "none";
    known.refused = refused;
    if (refused !== undefined) known.placeAt = now.mono + this.#options.prng.jittered(placeRefusedMs, reachJitter);
    if (isNew || refused !== undefined)
      out.push({ type: "note", at: now.wall, note: { type: "relayAsked", relay: known.peer, refused } });
  }

  #askAnew({ mono }: Time): void {
    for (const known of this.#links.values()) known.askAt = mono;
  }
}
