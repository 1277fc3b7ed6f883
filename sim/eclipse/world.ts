/** One node among honest members and an attacker's addresses, on virtual time (`sim/eclipse.ts`). */
import type { Instant, PeerId, Time } from "../../src/base/brand.ts";
import { Prng } from "../../src/base/prng.ts";
import { AddressBook } from "../../src/core/peers/address-book.ts";
import { Connections } from "../../src/core/peers/connections/machine.ts";
import { Slots, type TakenSeat } from "../../src/core/peers/slots.ts";
import type { Effect } from "../../src/core/effects.ts";
import { ed25519Signer } from "../../src/crypto/ed25519.ts";
import { keyedNumber } from "../../src/crypto/keyed-number.ts";
import type { KnownAddress } from "../../src/ports/known-address.ts";
import type { Direction, LinkId } from "../../src/ports/network.ts";

export interface EclipseOutcome {
  readonly seed: number;
  readonly honestOutbound: number;
  readonly hostileOutbound: number;
  readonly honestInbound: number;
  readonly hostileInbound: number;
  /** What the address book had when the node was started again. */
  readonly honestInBook: number;
  readonly hostileInBook: number;
}

interface Member {
  readonly peer: PeerId;
  readonly address: string;
  readonly hostile: boolean;
  up: boolean;
}

interface Standing {
  readonly link: LinkId;
  readonly member: Member;
  readonly direction: Direction;
  readonly since: number;
}

const honestMembers = 200;
const hostileAddresses = 800;
/** Networks (/16) that the attacker owns. Guess: cheap to rent. */
const hostileNetworks = 16;
const secondMs = 1_000;
const minuteMs = 60_000;
const lifeMs: number = 60 * minuteMs;
const attackFromMs: number = 15 * minuteMs;
/** Hostile addresses that dial in each second. */
const hostileDialsPerSecond = 5;
const afterMs: number = 10 * minuteMs;
/** How often a linked member is asked for addresses. */
const askEveryMs: number = 10 * minuteMs;
const toldAtOnce = 32;
/** A dial to somebody who is not there takes so long. */
const dialTimeoutMs = 10_000;
const self = "victim" as PeerId;

export class EclipsedWorld {
  readonly #seed: number;
  readonly #prng: Prng;
  readonly #members: readonly Member[];
  readonly #byAddress = new Map<string, Member>();
  readonly #disk = new Map<string, KnownAddress>();
  readonly #links = new Map<LinkId, Standing>();
  readonly #slots = new Slots(() => ({ exempt: [], validators: 0 }));
  #dials: { readonly at: number; readonly attempt: number; readonly member: Member | undefined }[] = [];
  #connections: Connections;
  #book: AddressBook;
  #now = 1_000;
  #linkCount = 0;
  #isUnderAttack = false;

  constructor(seed: number) {
    this.#seed = seed;
    this.#prng = new Prng(seed);
    this.#members = [
      ...Array.from({ length: honestMembers }, (_, i) => honest(i)),
      ...Array.from({ length: hostileAddresses }, (_, i) => hostile(i)),
    ];
    for (const member of this.#members) this.#byAddress.set(named(member), member);
    [this.#book, this.#connections] = this.#started();
  }

  run(): EclipseOutcome {
    for (let i = 0; i < 3; i++) this.#found(this.#members[this.#prng.below(honestMembers)] as Member);
    this.#until(this.#now + lifeMs, () => {
      this.#isUnderAttack = this.#now >= attackFromMs;
      this.#churn();
    });
    this.#connections.step({ type: "stopping" }, this.#time(), this.#out());
    const inBook = this.#book.list().map(({ address }) => this.#byAddress.get(address)?.hostile);
    this.#links.clear();
    this.#dials = [];
    for (const member of this.#members) if (!member.hostile && this.#prng.chance(0.5)) member.up = false;
    [this.#book, this.#connections] = this.#started();
    this.#until(this.#now + afterMs, () => undefined);
    const count = (direction: Direction, isHostile: boolean): number =>
      [...this.#links.values()].filter((each) => each.direction === direction && each.member.hostile === isHostile)
        .length;
    return {
      seed: this.#seed,
      honestOutbound: count("outbound", false),
      hostileOutbound: count("outbound", true),
      honestInbound: count("inbound", false),
      hostileInbound: count("inbound", true),
      honestInBook: inBook.filter((isHostile) => isHostile === false).length,
      hostileInBook: inBook.filter((isHostile) => isHostile === true).length,
    };
  }

  #started(): readonly [AddressBook, Connections] {
    const place = keyedNumber(ed25519Signer(new Prng(this.#seed).bytes(32)));
    const book = new AddressBook({ self, place, prng: new Prng(this.#prng.u32()), exempt: () => [] }, [
      ...this.#disk.values(),
    ]);
    const connections = new Connections({
      self,
      prng: new Prng(this.#prng.u32()),
      book,
      outboundWanted: 8,
      banOn: () => undefined,
      namedClass: () => undefined,
    });
    return [book, connections];
  }

  #until(end: number, everySecond: () => void): void {
    for (; this.#now < end; this.#now += secondMs) {
      everySecond();
      this.#finishDials();
      if (this.#isUnderAttack) for (let i = 0; i < hostileDialsPerSecond; i++) this.#dialsIn(this.#anyOf(true));
      if (this.#prng.chance(0.02)) this.#dialsIn(this.#anyOf(false));
      for (const standing of this.#links.values())
        if ((this.#now - standing.since) % askEveryMs < secondMs) this.#ask(standing.member);
      const due = this.#connections.nextDeadline();
      if (due !== undefined && due <= this.#now) this.#step({ type: "timePassed" });
    }
  }

  /** Honest members come and go, about each every two hours; with it goes their link. */
  #churn(): void {
    if (!this.#prng.chance(honestMembers / 7_200)) return;
    const member = this.#anyOf(false);
    member.up = !member.up;
    if (member.up) return;
    for (const { link, member: other } of this.#links.values()) if (other === member) this.#end(link, undefined);
  }

  #anyOf(isHostile: boolean): Member {
    return this.#members[
      isHostile ? honestMembers + this.#prng.below(hostileAddresses) : this.#prng.below(honestMembers)
    ] as Member;
  }

  /** An honest member tells of members at random, some of them hostile, for they were told of those; a hostile one of its own only. */
  #ask(teller: Member): void {
    for (let i = 0; i < toldAtOnce; i++) {
      const isHostile = teller.hostile || (this.#isUnderAttack && this.#prng.chance(0.5));
      const { peer, address } = this.#anyOf(isHostile);
      this.#book.told(peer, address, teller.address, this.#time().wall, this.#out());
    }
  }

  #dialsIn(member: Member): void {
    if (!member.up || [...this.#links.values()].some((standing) => standing.member === member)) return;
    const seat = { direction: "inbound", address: member.address } as const;
    const taken = [...this.#links.values()].map(({ link, member: { address, peer }, direction, since }): TakenSeat => {
      const opinion = this.#connections.opinionOf(peer, address, this.#time());
      return { link, address, direction, since, allowed: false, ...opinion };
    });
    if (this.#slots.refusal(seat, false, taken) !== undefined) {
      const evicted = this.#slots.evicted(seat, false, taken, this.#now);
      if (evicted === undefined) return;
      this.#end(evicted, "full");
    }
    this.#stand(member, "inbound", undefined);
  }

  #finishDials(): void {
    const due = this.#dials.filter(({ at }) => at <= this.#now);
    this.#dials = this.#dials.filter(({ at }) => at > this.#now);
    for (const { attempt, member } of due) {
      if (member?.up !== true || [...this.#links.values()].some((standing) => standing.member === member))
        this.#step({ type: "dialFailed", attempt, failure: "timeout", detail: "" });
      else if (this.#links.size < 50) this.#stand(member, "outbound", attempt);
      else this.#step({ type: "dialFailed", attempt, failure: "other", detail: "full" });
    }
  }

  #stand(member: Member, direction: Direction, attempt: number | undefined): void {
    const link = (this.#linkCount += 1);
    this.#links.set(link, { link, member, direction, since: this.#now });
    this.#step({ type: "linkOpened", link, peer: member.peer, attempt, relayed: false });
    this.#step({ type: "admitted", link, peer: member.peer });
    if (this.#connections.isSurplus(link)) {
      this.#end(link, "other");
      return;
    }
    this.#ask(member);
    this.#step({ type: "observed", peer: member.peer, what: { type: "answered", rttMs: member.hostile ? 1 : 40 } });
    this.#step({ type: "observed", peer: member.peer, what: { type: "brought", news: !member.hostile } });
  }

  #end(link: LinkId, code: "full" | "other" | undefined): void {
    const standing = this.#links.get(link);
    if (standing === undefined) return;
    this.#links.delete(link);
    this.#step({ type: "linkEnded", link, peer: standing.member.peer, code, retryAfterSeconds: 0 });
  }

  #found({ peer, address }: Member): void {
    this.#step({ type: "candidateFound", address: `${address}/p2p/${peer}`, peer, source: "mdns" });
  }

  #step(input: Parameters<Connections["step"]>[0]): void {
    const out = this.#out();
    this.#connections.step(input, this.#time(), out);
  }

  /** What is persisted goes to the disk, and dials begin. */
  #out(): { push(...effects: readonly Effect[]): void } {
    return {
      push: (...effects) => {
        for (const effect of effects) this.#carryOut(effect);
      },
    };
  }

  #carryOut(effect: Effect): void {
    if (effect.type === "persist" && effect.write.type === "setAddress")
      this.#disk.set(effect.write.known.address, effect.write.known);
    if (effect.type === "persist" && effect.write.type === "dropAddress") this.#disk.delete(effect.write.address);
    if (effect.type !== "network" || effect.order.type !== "dial") return;
    const { address, attempt } = effect.order;
    const member = this.#byAddress.get(address);
    this.#dials.push({ at: this.#now + (member?.up === true ? secondMs : dialTimeoutMs), attempt, member });
  }

  #time(): Time {
    return { wall: this.#now as Instant, mono: this.#now };
  }
}

function honest(i: number): Member {
  return { peer: `honest${i}` as PeerId, address: `/ip4/${1 + (i % 100)}.${i}.0.1/tcp/4001`, hostile: false, up: true };
}

function hostile(i: number): Member {
  const address = `/ip4/${200 + (i % hostileNetworks)}.7.${Math.floor(i / hostileNetworks)}.1/tcp/4001`;
  return { peer: `hostile${i}` as PeerId, address, hostile: true, up: true };
}

function named({ peer, address }: Member): string {
  return `${address}/p2p/${peer}`;
}
