/**
 * Production replicas on memory stores, wired to each other by hand: every frame arrives in order,
 * signatures are checked at once, and time passes when a test says so.
 */
import { createMemoryStore, type MemoryStore } from "../../sim/memory-store.ts";
import { banMsSteps } from "../../src/core/peers/standing/limits.ts";
import type { Incarnation, Instant, NetworkId, PeerId } from "../../src/base/brand.ts";
import { utf8Encode } from "../../src/base/bytes.ts";
import type { OutwardEffect, VerifyEffect } from "../../src/node/turn.ts";
import { runTurn } from "../../src/node/turn.ts";
import type { Note } from "../../src/core/notes.ts";
import type { ReplicaInput } from "../../src/core/replica/inputs.ts";
import { newState } from "../../src/core/replica/new-state.ts";
import { Replica } from "../../src/core/replica/replica.ts";
import { ed25519PublicKey, ed25519Signer, ed25519Verify } from "../../src/crypto/ed25519.ts";
import type { LinkId } from "../../src/ports/network.ts";

export const memberNetwork = "11".repeat(32) as NetworkId;
const horizonDays = 30;
/** Counts only once a test says how much of it is taken. */
export const memberDiskBytesMax = 1_000_000;

export class Member {
  readonly store: MemoryStore;
  readonly notes: Note[] = [];
  /** Payloads it has published. */
  readonly published: Uint8Array[] = [];
  readonly #number: number;
  readonly #first: readonly string[];
  readonly #hasDetector: boolean;
  #replica: Replica;
  wall: number;
  mono = 0;
  #runs = 0;
  #tickets = 0;
  #messages = 0;

  constructor(
    number: number,
    wall: number,
    store: MemoryStore = createMemoryStore(),
    first: readonly string[] = [],
    hasDetector = false,
  ) {
    this.#first = first;
    this.#hasDetector = hasDetector;
    this.#number = number;
    this.wall = wall;
    this.store = store;
    this.#replica = this.#started();
  }

  get self(): PeerId {
    return this.#replica.self;
  }

  get summary(): ReturnType<Replica["summary"]> {
    return this.#replica.summary();
  }

  get replica(): Replica {
    return this.#replica;
  }

  /** Another run of the program on the same store. */
  restart(): void {
    this.#replica = this.#started();
  }

  value(key: string): string | undefined {
    const living = this.store.living(key);
    if (living === undefined) return undefined;
    const { content } = this.store.entry(living.id).op.op;
    return content.type === "value" ? new TextDecoder().decode(content.value) : content.type;
  }

  write(values: Readonly<Record<string, string | undefined>>, ttlSeconds?: number): void {
    const ops = Object.entries(values).map(([key, value]) =>
      value === undefined
        ? ({ type: "delete", key } as const)
        : ({ type: "put", key, value: utf8Encode(value), ttlSeconds } as const),
    );
    this.take({ type: "writeRequested", ticket: ++this.#tickets, ops, wish: { type: "local" } });
  }

  gossip(payload: Uint8Array, from: PeerId): void {
    this.take({ type: "gossipReceived", message: ++this.#messages, from, payload });
  }

  /** One turn, and those that the answers to its signature checks make; what it says to the world. */
  take(...inputs: readonly ReplicaInput[]): readonly OutwardEffect[] {
    const said: OutwardEffect[] = [];
    let next: readonly ReplicaInput[] = inputs;
    while (next.length > 0) {
      const verdicts: ReplicaInput[] = [];
      const check = ({ ticket, checks }: VerifyEffect): void => {
        const valid = checks.map(({ author, message, signature }) => {
          const key = ed25519PublicKey(author);
          return key !== undefined && ed25519Verify(key, message, signature);
        });
        verdicts.push({ type: "verified", ticket, valid });
      };
      const now = (): { wall: Instant; mono: number } => ({ wall: this.wall as Instant, mono: this.mono });
      said.push(...runTurn(this.#replica, this.store, next, now, check).effects);
      next = verdicts;
    }
    for (const effect of said) {
      if (effect.type === "note") this.notes.push(effect.note);
      if (effect.type === "network" && effect.order.type === "publish") this.published.push(effect.order.payload);
    }
    return said;
  }

  #started(): Replica {
    this.#runs += 1;
    const incarnation = `${this.#number}${this.#runs}`.padStart(16, "0") as Incarnation;
    const state = this.store.state() ?? newState(incarnation, this.wall as Instant);
    return new Replica(
      {
        network: memberNetwork,
        signer: ed25519Signer(new Uint8Array(32).fill(this.#number)),
        session: `${this.#number}${this.#runs}`.padStart(16, "a"),
        agent: "member",
        seed: this.#number,
        horizonDays,
        pullEveryMs: 30_000,
        first: this.#first,
        trieReplayOpsMin: 10,
        cutOffMs: 10_000,
        banMsSteps,
        exemptRanges: [],
        validators: [],
        outboundWanted: 0,
        exchange: false,
        usesRelays: false,
        routing: false,
        detector: { enabled: this.#hasDetector, probeMs: 225 },
        disk: { maxBytes: memberDiskBytesMax, reserveBytes: 0 },
      },
      this.store,
      state,
    );
  }
}

/** Wires between members, and one clock for all. */
export class Meeting {
  readonly #wires = new Map<LinkId, readonly [Member, Member]>();
  #links = 0;

  link(dialer: Member, other: Member): LinkId {
    const link = ++this.#links;
    this.#wires.set(link, [dialer, other]);
    this.#carry([
      [
        dialer,
        { type: "linkOpened", link, peer: other.self, direction: "outbound", address: "wire", attempt: undefined },
      ],
      [
        other,
        { type: "linkOpened", link, peer: dialer.self, direction: "inbound", address: "wire", attempt: undefined },
      ],
    ]);
    return link;
  }

  cut(link: LinkId): void {
    const ends = this.#wires.get(link) ?? [];
    this.#wires.delete(link);
    this.#carry(ends.map((member) => [member, { type: "linkClosed", link, reason: "cut" }]));
  }

  /** Time passes for all, in steps short enough for every timer. */
  pass(ms: number, members: readonly Member[], stepMs = 10_000): void {
    for (let passed = 0; passed < ms; passed += stepMs) {
      for (const member of members) {
        member.mono += Math.min(stepMs, ms - passed);
        member.wall += Math.min(stepMs, ms - passed);
      }
      this.#carry(members.map((member) => [member, { type: "timePassed" }]));
    }
  }

  /** The clocks move at once, with nobody awake. */
  sleep(ms: number, members: readonly Member[]): void {
    for (const member of members) {
      member.wall += ms;
      member.mono += ms;
    }
  }

  /** An input, and all that follows from it. */
  give(member: Member, input: ReplicaInput): void {
    this.#carry([[member, input]]);
  }

  #carry(inputs: readonly (readonly [Member, ReplicaInput])[]): void {
    const queue = [...inputs];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [member, input] = next;
      for (const effect of member.take(input)) {
        if (effect.type !== "network") continue;
        const { order } = effect;
        if (order.type === "send") {
          const other = this.#otherEnd(order.link, member);
          if (other !== undefined) queue.push([other, { ...order, type: "frameReceived" }]);
        } else if (order.type === "closeLink") {
          const ends = this.#wires.get(order.link) ?? [];
          this.#wires.delete(order.link);
          for (const end of ends) queue.push([end, { type: "linkClosed", link: order.link, reason: order.reason }]);
        }
      }
    }
  }

  #otherEnd(link: LinkId, member: Member): Member | undefined {
    return this.#wires.get(link)?.find((end) => end !== member);
  }
}
