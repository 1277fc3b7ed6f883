/** Rules about peers of the node in memory. */
import type { Instant, PeerId } from "../../src/base/brand.ts";
import { Fault } from "../../src/base/fault.ts";
import { ruleTarget } from "../../src/core/peers/standing/machine.ts";
import type {
  ClosedLink,
  KnownAddress,
  LinkResources,
  PeerRule,
  PeersFacade,
  RuleOptions,
  WaitingMessages,
} from "../../src/node/peers-facade.ts";

const now = Date.UTC(2026, 0, 2, 3, 4, 5) as Instant;

export class MemoryPeers implements PeersFacade {
  ruled: PeerRule[] = [];
  ended: ClosedLink[] = [];
  linked: PeerId[] = [];
  dialed: KnownAddress[] = [];
  costs: LinkResources[] = [];
  waits: WaitingMessages[] = [];
  readonly forgotten: string[] = [];

  async addresses(): Promise<readonly KnownAddress[]> {
    return this.dialed;
  }

  links(): readonly LinkResources[] {
    return this.costs;
  }

  async waiting(): Promise<readonly WaitingMessages[]> {
    return this.waits;
  }

  async rules(): Promise<readonly PeerRule[]> {
    return this.ruled;
  }

  ban(target: string, options: RuleOptions = {}): Promise<{ readonly target: string }> {
    return this.#rule("ban", target, options);
  }

  allow(target: string, options: RuleOptions = {}): Promise<{ readonly target: string }> {
    return this.#rule("allow", target, options);
  }

  async lift(target: string): Promise<{ readonly target: string }> {
    if (!this.ruled.some((rule) => rule.target === target)) throw new Fault("not_found", `no rule about ${target}`);
    this.ruled = this.ruled.filter((rule) => rule.target !== target);
    return { target };
  }

  async disconnect(target: string): Promise<{ readonly peer: PeerId }> {
    const peer = this.linked.find((each) => each.startsWith(target));
    if (peer === undefined) throw new Fault("peer_not_connected", `${target} is not connected`);
    return { peer };
  }

  async forget(target: string): Promise<{ readonly target: string }> {
    this.forgotten.push(target);
    return { target };
  }

  closed(): readonly ClosedLink[] {
    return this.ended;
  }

  async #rule(
    kind: PeerRule["kind"],
    asked: string,
    { forMs, reason = "" }: RuleOptions,
  ): Promise<{ readonly target: string }> {
    const target = ruleTarget(asked);
    if (target === undefined) throw new Fault("invalid_argument", `${asked} is no target`);
    const until = forMs === undefined ? undefined : ((now + forMs) as Instant);
    this.ruled.unshift({ target, kind, source: "operator", reason, since: now, until, offences: 0 });
    return { target };
  }
}
