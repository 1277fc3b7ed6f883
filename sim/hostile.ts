/**
 * A member that lies. It passes admission like anybody in an open network and then does by seed
 * what a hostile peer can do: forge, replay, flood, claim falsely, send rubbish.
 *
 * Whatever it signs with its own key counts as honestly written by it; the checkers are told.
 */
import type { Incarnation, Instant } from "../src/base/brand.ts";
import { toHex } from "../src/base/bytes.ts";
import { Prng } from "../src/base/prng.ts";
import { encodeAck } from "../src/codec/ack.ts";
import { decodeAdmit, encodeAdmit } from "../src/codec/admit.ts";
import {
  type OriginRanges,
  decodeFrontier,
  encodeDone,
  encodeParcels,
  encodePull,
  encodeSuperseded,
} from "../src/codec/frontier.ts";
import { type LinkProtocol, linkProtocols } from "../src/codec/link-protocols.ts";
import type { NetworkEvent } from "../src/ports/network.ts";
import { Forgery } from "./forgery.ts";
import { HostileWalk } from "./hostile-walk.ts";
import type { Identity } from "./identities.ts";
import type { SimNode } from "./node.ts";
import type { Port } from "./port.ts";
import type { Setting } from "./setting.ts";
import type { End } from "./wire.ts";

const redialMs = 5_000;
const mischiefMs = 400;
const claimRangesMax = 50;
/** Addresses announced at once: more than a node remembers. */
const announced = 1_100;

export class Hostile {
  readonly identity: Identity;
  readonly #setting: Setting;
  readonly #prng: Prng;
  readonly #victims: readonly SimNode[];
  readonly #index: number;
  readonly #forgery: Forgery;
  readonly #walk: HostileWalk;
  readonly #origins = new Map<string, OriginRanges>();
  /** Pulls that are answered without end, by link. */
  readonly #endless = new Map<number, number>();
  #port: Port | undefined;
  #attempts = 0;
  #hasAnnounced = false;

  constructor(setting: Setting, index: number, victims: readonly SimNode[]) {
    this.#setting = setting;
    this.#prng = new Prng(setting.prng.u32());
    this.#victims = victims;
    this.#index = index;
    this.identity = setting.identities.create(setting.prng);
    this.#forgery = new Forgery(
      setting,
      this.#prng,
      this.identity.signer,
      victims.map(({ identity }) => identity.signer.author),
    );
    this.#walk = new HostileWalk({
      prng: this.#prng,
      send: (link, frame) => this.#send(link, "walk", frame),
      count: (kind) => setting.recorder.count(`hostile:${kind}`),
      now: () => this.#now(),
      parcels: () => this.#forgery.servedParcels(),
      keep: ({ parcels }) => parcels.forEach((parcel) => this.#forgery.keep(parcel)),
    });
  }

  begin(): void {
    const { network } = this.#setting;
    const address = `/ip4/10.0.1.${this.#index}/tcp/4001/p2p/${this.identity.peer}`;
    this.#port = network.plug({
      node: this.#index,
      peer: this.identity.peer,
      address,
      hear: (event) => this.#hear(event),
    });
    this.#port.onGossip = (payload) => this.#forgery.overheard(payload);
    this.#approach();
    this.#misbehave();
  }

  leave(): void {
    if (this.#port !== undefined) this.#setting.network.unplug(this.#port, false);
    this.#port = undefined;
  }

  #approach(): void {
    if (this.#port === undefined) return;
    const victim = this.#prng.pick(this.#victims);
    this.#port.obey({ type: "dial", address: victim.address, attempt: ++this.#attempts });
    this.#setting.queue.after(redialMs * 2 * this.#prng.unit(), () => this.#approach());
  }

  #misbehave(): void {
    if (this.#port === undefined) return;
    const ends = [...this.#port.ends.values()].filter(({ state, gate }) => state === "open" && gate === "admitted");
    if (ends.length > 0) this.#mischief(this.#prng.pick(ends), ends);
    this.#setting.queue.after(mischiefMs * 2 * this.#prng.unit(), () => this.#misbehave());
  }

  #hear(event: NetworkEvent): void {
    if (event.type === "linkOpened") this.#greet(event.link);
    if (event.type !== "frameReceived") return;
    if (event.protocol === "admit") this.#admit(event.link, event.frame);
    if (event.protocol === "frontier") this.#frontier(event.link, event.frame);
    if (event.protocol === "walk") this.#walk.hear(event.link, event.frame);
  }

  #greet(link: number): void {
    if (this.#prng.chance(0.1)) return this.#setting.recorder.count("hostile:noHello");
    const clock = (this.#now() +
      (this.#prng.chance(0.3) ? Math.round((this.#prng.unit() - 0.5) * 7_200_000) : 0)) as Instant;
    const session = toHex(this.#prng.bytes(8));
    this.#send(
      link,
      "admit",
      encodeAdmit({ type: "hello", version: 1, network: this.#setting.networkId, session, clock, agent: "hostile" }),
    );
    return undefined;
  }

  #admit(link: number, frame: Uint8Array): void {
    const message = decodeAdmit(frame);
    if (!message.ok) return;
    if (message.value.type === "hello") {
      this.#port?.obey({ type: "acceptLink", link });
      this.#send(link, "admit", encodeAdmit({ type: "welcome" }));
    } else if (message.value.type === "welcome") this.#port?.obey({ type: "admitLink", link });
  }

  /** Learns the numbers in use, and answers pulls with whatever does harm. */
  #frontier(link: number, frame: Uint8Array): void {
    const message = decodeFrontier(frame);
    if (!message.ok) return;
    if (message.value.type === "parcels") for (const parcel of message.value.parcels) this.#forgery.keep(parcel);
    if (message.value.type === "more") return this.#more(link, message.value.session);
    if (message.value.type !== "pull") return;
    for (const origin of message.value.origins) this.#origins.set(`${origin.author}/${origin.incarnation}`, origin);
    if (!message.value.last || this.#prng.chance(0.2)) return;
    const { session } = message.value;
    if (this.#prng.chance(0.2)) return this.#serveWithoutEnd(link, session);
    if (this.#prng.chance(0.5)) this.#send(link, "frontier", encodeSuperseded(session, this.#falseClaims()));
    if (this.#prng.chance(0.5)) {
      const parcels = this.#forgery.servedParcels();
      if (parcels.length > 0) this.#send(link, "frontier", encodeParcels(session, parcels));
    }
    const beacon = {
      clock: this.#now(),
      summary: { count: this.#prng.below(100), root: this.#prng.bytes(32) },
      stale: false,
      full: false,
      heldBack: 0,
    };
    this.#send(link, "frontier", encodeDone(session, beacon, "complete"));
    this.#setting.recorder.count("hostile:falseHash");
  }

  /** Batches for as long as somebody listens, and never the end; now and then more at once than was asked for. */
  #serveWithoutEnd(link: number, session: number): void {
    this.#setting.recorder.count("hostile:endless");
    this.#endless.set(link, session);
    for (let frame = 0; frame < (this.#prng.chance(0.2) ? 20 : 4); frame++) this.#more(link, session);
  }

  #more(link: number, session: number): void {
    if (this.#endless.get(link) !== session) return;
    const parcels = this.#forgery.servedParcels();
    if (parcels.length > 0) this.#send(link, "frontier", encodeParcels(session, parcels));
  }

  #mischief(end: End, all: readonly End[]): void {
    const kind = this.#prng.pick([
      "gossip",
      "gossip",
      "gossip",
      "split",
      "pull",
      "falseFrontier",
      "ack",
      "addresses",
      "walk",
      "walk",
      "rubbish",
      "oversized",
    ] as const);
    this.#setting.recorder.count(`hostile:${kind}`);
    switch (kind) {
      case "gossip": {
        const { name, payload } = this.#forgery.gossip();
        this.#setting.recorder.count(`hostile:gossip:${name}`);
        return this.#port?.whisper(end, payload);
      }
      case "split": {
        const twins = this.#forgery.twins();
        return all.forEach((each, index) => this.#port?.whisper(each, twins[index % 2] as Uint8Array));
      }
      case "pull":
        return this.#askForEverything(end.link);
      case "falseFrontier": {
        const beacon = {
          clock: this.#now(),
          summary: { count: 0, root: this.#prng.bytes(32) },
          stale: false,
          full: false,
          heldBack: 0,
        };
        return this.#send(end.link, "frontier", encodePull(this.#prng.u32(), beacon, true, this.#falseClaims()));
      }
      case "walk":
        return this.#walk.mischief(end.link);
      case "addresses":
        return this.#announceAddresses();
      case "ack":
        return this.#send(
          end.link,
          "ack",
          encodeAck({ incarnation: this.#someIncarnation(), ranges: [[1, 1_000_000]] }),
        );
      case "rubbish":
        if (!this.#prng.chance(0.2)) return undefined; // it ends the link, and with it the mischief
        return this.#send(end.link, this.#prng.pick(linkProtocols), this.#prng.bytes(1 + this.#prng.below(300)));
      case "oversized":
        if (!this.#prng.chance(0.1)) return undefined;
        return this.#send(end.link, "ack", new Uint8Array(70_000));
    }
  }

  /** As in multicast: more addresses than anybody can remember, once. */
  #announceAddresses(): void {
    if (this.#hasAnnounced) return;
    this.#hasAnnounced = true;
    const victim = this.#prng.pick(this.#victims);
    for (let i = 0; i < announced; i++) victim.announce(`/ip4/10.9.${i >> 8}.${i & 255}/tcp/4001`);
  }

  #askForEverything(link: number): void {
    const summary = { count: 0, root: new Uint8Array(32) };
    for (let times = 0; times < 3; times++) {
      this.#send(
        link,
        "frontier",
        encodePull(
          this.#prng.u32(),
          { clock: this.#now(), summary, stale: false, full: false, heldBack: 0 },
          this.#prng.chance(0.7),
          [],
        ),
      );
    }
  }

  /** Nothing of what others wrote lives any more, it says. */
  #falseClaims(): readonly OriginRanges[] {
    return [...this.#origins.values()]
      .slice(0, claimRangesMax)
      .map(({ author, incarnation }) => ({ author, incarnation, ranges: [[1, 1_000_000]] }));
  }

  #someIncarnation(): Incarnation {
    const origins = [...this.#origins.values()];
    return origins.length === 0 ? (toHex(this.#prng.bytes(8)) as Incarnation) : this.#prng.pick(origins).incarnation;
  }

  #now(): Instant {
    return (this.#victims[0] as SimNode).wall();
  }

  #send(link: number, protocol: LinkProtocol, frame: Uint8Array): void {
    this.#port?.obey({ type: "send", link, protocol, frame });
  }
}
