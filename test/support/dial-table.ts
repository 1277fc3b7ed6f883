/** The machine that decides whom to dial, told of one thing after the other. */
import type { Instant, PeerId } from "../../src/base/brand.ts";
import { Prng } from "../../src/base/prng.ts";
import type { GoodbyeCode } from "../../src/codec/admit.ts";
import { AddressBook } from "../../src/core/peers/address-book.ts";
import { ed25519Signer } from "../../src/crypto/ed25519.ts";
import { keyedNumber } from "../../src/crypto/keyed-number.ts";
import { type PeerLimits, usualPeerLimits } from "../../src/core/peers/peer-limits.ts";
import type { KnownAddress } from "../../src/ports/known-address.ts";
import { Connections, type ConnectionsInput } from "../../src/core/peers/connections/machine.ts";
import type { Effect } from "../../src/core/effects.ts";
import type { CandidateSource, LinkId } from "../../src/ports/network.ts";

export const [self, bob, carol] = ["self", "bob", "carol"] as [PeerId, PeerId, PeerId];

export class Table {
  readonly banned = new Map<string, { readonly until: Instant | undefined }>();
  readonly named = new Map<PeerId, "validator" | "trusted">();
  readonly book: AddressBook;
  readonly machine: Connections;
  mono = 0;

  constructor(outboundWanted = 0, known: readonly KnownAddress[] = [], limits?: PeerLimits) {
    const place = keyedNumber(ed25519Signer(new Uint8Array(32).fill(9)));
    this.book = new AddressBook({ self, place, prng: new Prng(2), exempt: () => [] }, known);
    this.machine = new Connections({
      self,
      prng: new Prng(1),
      banOn: (_, address) => this.banned.get(address),
      namedClass: (peer) => this.named.get(peer),
      book: this.book,
      outboundWanted,
      limits: () => limits ?? usualPeerLimits,
    });
  }

  /** The addresses dialed by this step, each with its attempt number. */
  step(input: ConnectionsInput): readonly string[] {
    return this.effects(input).flatMap((effect) =>
      effect.type === "network" && effect.order.type === "dial"
        ? [`${effect.order.address}#${effect.order.attempt}`]
        : [],
    );
  }

  effects(input: ConnectionsInput): readonly Effect[] {
    const out: Effect[] = [];
    this.machine.step(input, { wall: this.mono as Instant, mono: this.mono }, out);
    return out;
  }

  found(address: string, peer?: PeerId, source: CandidateSource = "static"): readonly string[] {
    return this.step({ type: "candidateFound", address, peer, source });
  }

  failed(attempt: number): readonly string[] {
    return this.step({ type: "dialFailed", attempt, failure: "refused", detail: "ECONNREFUSED" });
  }

  linked(link: LinkId, peer: PeerId, attempt?: number, relayed = false): readonly string[] {
    return this.step({ type: "linkOpened", link, peer, attempt, relayed });
  }

  ended(link: LinkId, peer: PeerId, code?: GoodbyeCode, retryAfterSeconds = 0): readonly string[] {
    return this.step({ type: "linkEnded", link, peer, code, retryAfterSeconds });
  }

  at(mono: number): readonly string[] {
    this.mono = mono;
    return this.step({ type: "timePassed" });
  }

  /** Time until the next dial of the only candidate. */
  get waitMs(): number {
    return (this.machine.nextDeadline() ?? Infinity) - this.mono;
  }
}
