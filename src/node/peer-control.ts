/**
 * Carries out what an operator orders about peers.
 */
import type { Instant, PeerId } from "../base/brand.ts";
import { Fault } from "../base/fault.ts";
import type { CandidateSnapshot } from "../core/peers/connections/machine.ts";
import { ruleReasonMax } from "../core/peers/standing/limits.ts";
import { ruleTarget } from "../core/peers/standing/machine.ts";
import type { PeerRule } from "../ports/peer-rule.ts";
import type { Explanation } from "./facade.ts";
import type {
  ClosedLink,
  KnownAddress,
  LinkResources,
  PeersFacade,
  RuleOptions,
  WaitingMessages,
} from "./peers-facade.ts";
import type { AskedNode } from "./questions.ts";
import { transportOf } from "./transport-of.ts";
import { refusalOf } from "./write-request.ts";

/** Longest time of a rule that ends. Guess: ten years; what is longer is for good. */
const forMsMax = 10 * 365 * 86_400_000;

export class PeerControl implements PeersFacade {
  readonly #node: AskedNode;
  readonly #why: (target: string) => Promise<Explanation>;

  constructor(node: AskedNode, why: (target: string) => Promise<Explanation>) {
    this.#node = node;
    this.#why = why;
  }

  async rules(): Promise<readonly PeerRule[]> {
    const outcome = await this.#node.client().ask({ type: "rulesRequested" });
    if (outcome.type !== "peerRules") throw refusalOf(outcome);
    return outcome.rules;
  }

  ban(target: string, options: RuleOptions = {}): Promise<{ readonly target: string }> {
    return this.#rule("ban", target, options);
  }

  allow(target: string, options: RuleOptions = {}): Promise<{ readonly target: string }> {
    return this.#rule("allow", target, options);
  }

  async lift(asked: string): Promise<{ readonly target: string }> {
    const target = await this.#targetOf(asked);
    await this.#order({ type: "liftRequested", target });
    return { target };
  }

  async disconnect(asked: string): Promise<{ readonly peer: PeerId }> {
    const { peer, cause, conclusion } = await this.#why(asked);
    if (cause === "ambiguous" || cause === "self") throw new Fault("invalid_argument", conclusion, { field: "peer" });
    if (peer === undefined) throw new Fault("peer_not_connected", conclusion);
    await this.#order({ type: "disconnectRequested", peer });
    return { peer };
  }

  async forget(asked: string): Promise<{ readonly target: string }> {
    const target = asked.startsWith("/") ? asked : await this.#targetOf(asked);
    await this.#order({ type: "forgetRequested", target });
    return { target };
  }

  async addresses(): Promise<readonly KnownAddress[]> {
    const { candidates } = await this.#node.client().snapshot();
    return candidates.map((candidate) => knownAddress(candidate, Date.now() as Instant));
  }

  links(): readonly LinkResources[] {
    return this.#node.links();
  }

  async waiting(): Promise<readonly WaitingMessages[]> {
    return (await this.#node.client().snapshot()).outboxes;
  }

  closed(): readonly ClosedLink[] {
    return this.#node.closed();
  }

  async #rule(
    kind: PeerRule["kind"],
    asked: string,
    { forMs, reason = "" }: RuleOptions,
  ): Promise<{ readonly target: string }> {
    if (forMs !== undefined && !(Number.isInteger(forMs) && forMs >= 1_000 && forMs <= forMsMax))
      throw new Fault("invalid_argument", `a time is 1 s to 10 years, not ${forMs} ms`, { field: "forMs" });
    if (typeof reason !== "string" || reason.length > ruleReasonMax)
      throw new Fault("invalid_argument", `a reason has at most ${ruleReasonMax} characters`, { field: "reason" });
    const target = await this.#targetOf(asked);
    const words = reason === "" ? `${kind === "ban" ? "banned" : "allowed"} by the operator` : reason;
    await this.#order({ type: "ruleRequested", kind, target, reason: words, forMs });
    return { target };
  }

  /** The one form of what a rule is about; the beginning of a peer's id stands for it. */
  async #targetOf(asked: string): Promise<string> {
    const whole = ruleTarget(asked);
    if (whole !== undefined) return whole;
    const { peer, cause, conclusion } = await this.#why(asked);
    if (cause === "ambiguous" || cause === "self") throw new Fault("invalid_argument", conclusion, { field: "target" });
    return peer ?? asked; // the replica says what is wrong with it
  }

  async #order(order: Parameters<ReturnType<AskedNode["client"]>["ask"]>[0]): Promise<void> {
    const outcome = await this.#node.client().ask(order);
    if (outcome.type !== "done") throw refusalOf(outcome);
  }
}

function knownAddress(candidate: CandidateSnapshot, now: Instant): KnownAddress {
  const { address, peer, source, failures, dialing, inMs, lastDialAt, lastLinkAt, lastFailure } = candidate;
  return {
    address,
    transport: transportOf(address),
    peer,
    source,
    lastTryAt: lastDialAt,
    lastSuccessAt: lastLinkAt,
    lastFailure: lastFailure === undefined ? undefined : { code: lastFailure.failure, reason: lastFailure.detail },
    failures,
    dialing,
    notBefore: (now + Math.ceil(inMs)) as Instant,
  };
}
