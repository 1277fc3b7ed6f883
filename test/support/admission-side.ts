/** One side of admission, told of one thing after the other. */
import type { Instant, NetworkId, PeerId, Time } from "../../src/base/brand.ts";
import { type AdmitMessage, type Hello, decodeAdmit } from "../../src/codec/admit.ts";
import { Admission, type AdmissionFact, type AdmissionInput } from "../../src/core/peers/admission/machine.ts";
import { usualBreaker } from "../../src/core/peers/breaker.ts";
import { Slots } from "../../src/core/peers/slots.ts";
import type { Effect } from "../../src/core/effects.ts";
import type { Direction, LinkId } from "../../src/ports/network.ts";

const network = "aa".repeat(32) as NetworkId;
export const wall = 1_700_000_000_000;
export const [alice, bob] = ["12D3A", "12D3B"] as [PeerId, PeerId];
const at = (mono: number): Time => ({ wall: (wall + mono) as Instant, mono });

export const hello = (change: Partial<Hello> = {}): Hello => ({
  type: "hello",
  version: 1,
  network,
  session: "01".repeat(8),
  clock: wall as Instant,
  agent: "test",
  ...change,
});

/** One side, its effects as short lines. */
export class Side {
  readonly machine: Admission;
  /** The words of every goodbye it said. */
  readonly reasons: string[] = [];
  mono = 0;
  /** Places for peers; the usual number where it is undefined. */
  links: number | undefined;

  constructor(self: PeerId = alice, session: string = "0a".repeat(8)) {
    this.machine = new Admission({
      self,
      network,
      session,
      agent: "test",
      slots: new Slots(() => ({ exempt: [], validators: 0, links: this.links })),
      merits: () => ({ class: "unknown", usefulness: 0.5, promptness: 0.5 }),
      breaker: () => usualBreaker,
    });
  }

  step(input: AdmissionInput): { readonly lines: readonly string[]; readonly facts: readonly AdmissionFact[] } {
    const out: Effect[] = [];
    const facts = this.machine.step(input, at(this.mono), out);
    this.reasons.push(...out.flatMap(reasonOf));
    return { lines: out.flatMap(lineOf), facts };
  }

  open(
    link: LinkId,
    peer: PeerId,
    direction: Direction = "inbound",
    address = "/dns4/somewhere/tcp/1",
  ): readonly string[] {
    return this.step({
      type: "linkOpened",
      link,
      peer,
      direction,
      address,
      refused: undefined,
      allowed: false,
    }).lines;
  }

  hear(link: LinkId, message: AdmitMessage): readonly string[] {
    return this.step({ type: "message", link, message }).lines;
  }

  /** A link from opening to admission. */
  admit(
    link: LinkId,
    peer: PeerId,
    direction: Direction = "inbound",
    change: Partial<Hello> = {},
    address?: string,
  ): readonly string[] {
    return [
      ...this.open(link, peer, direction, address),
      ...this.hear(link, hello(change)),
      ...this.hear(link, { type: "welcome" }),
    ];
  }
}

function reasonOf(effect: Effect): readonly string[] {
  return effect.type === "network" && effect.order.type === "closeLink" ? [effect.order.reason] : [];
}

function lineOf(effect: Effect): readonly string[] {
  if (effect.type === "note") return [];
  if (effect.type !== "network") return [effect.type];
  const { order } = effect;
  if (order.type === "send") {
    const message = decodeAdmit(order.frame);
    if (!message.ok) return ["malformed"];
    return [`${order.link}: ${message.value.type}${message.value.type === "goodbye" ? ` ${message.value.code}` : ""}`];
  }
  return "link" in order ? [`${order.link}: ${order.type}`] : [order.type];
}
