/**
 * Who is banned and who is exempt. Like the list at a door: some names and neighbourhoods are not let
 * in for a while or for good, and some are never put on the list by the doorkeeper himself.
 *
 * 1. A rule that names a peer beats one on its address; of several on the address the narrowest counts.
 * 2. Only what proves malice leads to an automatic ban, of the peer's id, for 5 min, then 1 h, then for good;
 *    failed handshakes never do. An allowed peer, or one at an allowed address, is never banned automatically.
 * 3. A ban holds for dialing and for accepting. It outlives the process.
 */
import type { Instant, PeerId } from "../../../base/brand.ts";
import { type IpRange, ipOfMultiaddr, isInRange, parseIpRange, rangeText } from "../../../base/ip-range.ts";
import { authorOf } from "../../../codec/peer-id.ts";
import type { PeerRule } from "../../../ports/peer-rule.ts";
import type { EffectSink } from "../../effects.ts";
import { banRememberedMs, peerRulesMax, ruleReasonMax } from "./limits.ts";

/** What an operator orders; `forMs` undefined for good. */
export interface RuleOrder {
  readonly kind: PeerRule["kind"];
  readonly target: string;
  readonly reason: string;
  readonly forMs: number | undefined;
}

export class Standing {
  readonly #banMsSteps: readonly (number | undefined)[];
  readonly #rules = new Map<string, PeerRule>();
  /** Those on addresses, the narrowest first. */
  #ranges: readonly { readonly range: IpRange; readonly rule: PeerRule }[] = [];

  constructor(rules: readonly PeerRule[], banMsSteps: readonly (number | undefined)[]) {
    this.#banMsSteps = banMsSteps;
    for (const rule of rules) this.#rules.set(rule.target, rule);
    this.#sortRanges();
  }

  /** The ban that keeps a peer or an address out now. */
  ban(peer: PeerId | undefined, address: string | undefined, now: Instant): PeerRule | undefined {
    const rule = this.#ruleOn(peer, address, now);
    return rule?.kind === "ban" ? rule : undefined;
  }

  /** Whether a rule lets this peer in whatever wider ones say. */
  allows(peer: PeerId, address: string, now: Instant): boolean {
    return this.#ruleOn(peer, address, now)?.kind === "allow";
  }

  /** A peer proved its malice. Returns the ban, or undefined where it is exempt. */
  offended(
    peer: PeerId,
    address: string | undefined,
    reason: string,
    now: Instant,
    out: EffectSink,
  ): PeerRule | undefined {
    const standing = this.#ruleOn(peer, address, now);
    if (standing !== undefined) return standing.kind === "ban" ? standing : undefined;
    const before = this.#rules.get(peer)?.offences ?? 0;
    const lengthMs = this.#banMsSteps[Math.min(before, this.#banMsSteps.length - 1)];
    const until = lengthMs === undefined ? undefined : ((now + lengthMs) as Instant);
    const offences = before + 1;
    const ban: PeerRule = {
      target: peer,
      kind: "ban",
      source: "automatic",
      reason: reason.slice(0, ruleReasonMax),
      since: now,
      until,
      offences,
    };
    this.#set(ban, now, out);
    return ban;
  }

  /** False where there are too many rules already. */
  order({ kind, target, reason, forMs }: RuleOrder, now: Instant, out: EffectSink): boolean {
    const until = forMs === undefined ? undefined : ((now + forMs) as Instant);
    const rule: PeerRule = {
      target,
      kind,
      source: "operator",
      reason: reason.slice(0, ruleReasonMax),
      since: now,
      until,
      offences: 0,
    };
    return this.#set(rule, now, out);
  }

  /** Takes a rule back, with what was remembered of earlier ones. False where there is none. */
  lift(target: string, out: EffectSink): boolean {
    if (!this.#rules.delete(target)) return false;
    this.#sortRanges();
    out.push({ type: "persist", write: { type: "dropPeerRule", target } });
    return true;
  }

  /** Rules in force, the latest first. */
  rules(now: Instant): readonly PeerRule[] {
    return [...this.#rules.values()].filter((rule) => isInForce(rule, now)).sort((a, b) => b.since - a.since);
  }

  #ruleOn(peer: PeerId | undefined, address: string | undefined, now: Instant): PeerRule | undefined {
    const own = peer === undefined ? undefined : this.#rules.get(peer);
    if (own !== undefined && isInForce(own, now)) return own;
    const ip = address === undefined ? undefined : ipOfMultiaddr(address);
    if (ip === undefined) return undefined;
    return this.#ranges.find(({ range, rule }) => isInForce(rule, now) && isInRange(ip, range))?.rule;
  }

  #set(rule: PeerRule, now: Instant, out: EffectSink): boolean {
    this.#dropPast(now, out);
    const isNew = !this.#rules.has(rule.target);
    if (isNew && this.#rules.size >= peerRulesMax && !this.#makeRoom(out)) return false;
    this.#rules.set(rule.target, rule);
    this.#sortRanges();
    out.push({ type: "persist", write: { type: "setPeerRule", rule } });
    return true;
  }

  #dropPast(now: Instant, out: EffectSink): void {
    for (const { target, until, source } of [...this.#rules.values()]) {
      const rememberedMs = source === "automatic" ? banRememberedMs : 0;
      if (until !== undefined && now >= until + rememberedMs) this.lift(target, out);
    }
  }

  #makeRoom(out: EffectSink): boolean {
    for (const { target, source } of this.#rules.values()) if (source === "automatic") return this.lift(target, out);
    return false;
  }

  #sortRanges(): void {
    const ranges = [...this.#rules.values()].flatMap((rule) => {
      const range = parseIpRange(rule.target);
      return range === undefined ? [] : [{ range, rule }];
    });
    this.#ranges = ranges.sort((a, b) => b.range.bits - a.range.bits);
  }
}

/** The one form of a peer id, an address or a range that a rule can be about, or undefined. */
export function ruleTarget(text: string): string | undefined {
  if (authorOf(text) !== undefined) return text;
  const range = parseIpRange(text);
  return range === undefined ? undefined : rangeText(range);
}

function isInForce({ until }: PeerRule, now: Instant): boolean {
  return until === undefined || now < until;
}
