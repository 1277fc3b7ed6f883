/**
 * Finds nodes on the local network, and is found by them, over multicast DNS on IPv4 and IPv6.
 *
 * One socket per network interface and family, loopback included: a machine with several networks is found
 * on each, one with none finds its own nodes, and a namespace without a default route needs none. Each
 * sees only the addresses that help there: loopback addresses are announced on loopback alone.
 *
 * 1. A failing interface is reported once per cause and tried again at the next look; nothing
 *    here ends the process.
 * 2. Every table is bounded and forgets the oldest; packets are bounded per second.
 * 3. Whoever stops says so, with the lifetime 0, so that its return is news. Source: RFC 6762 section 10.1.
 */
import type { MulticastDNS, QueryPacket, ResponsePacket } from "multicast-dns";
import type { RemoteInfo } from "node:dgram";
import { networkInterfaces } from "node:os";
import type { PeerId } from "../../base/brand.ts";
import type { NetworkEvent } from "../../ports/network.ts";
import type { AddressFamily } from "../../base/address-family.ts";
import type { LinkFact } from "./driver-types.ts";
import { wordsOf } from "./words-of.ts";
import {
  mdnsAnswerEveryMs,
  mdnsFarewellMsMax,
  mdnsPacketsPerSecondMax,
  mdnsQueryMs,
  mdnsRepeatMs,
  mdnsScanEveryMs,
  mdnsTableMax,
} from "./limits.ts";
import {
  announcementsIn,
  asksForService,
  departedIn,
  isLoopbackHost,
  networkTagOf,
  recordsFor,
  serviceName,
  type Announcement,
  type DnsRecord,
} from "./mdns-records.ts";
import { type MdnsHealth, OtherNetworks, PlaceCounts } from "./mdns-health.ts";
import { type PlaceName, openPlace, placesNow } from "./mdns-places.ts";
import { now } from "./now.ts";

export interface MdnsInit {
  readonly self: PeerId;
  readonly network: { readonly name: string; readonly id: string };
  readonly family: AddressFamily;
  /** Our addresses now, as multiaddrs with our peer id. */
  readonly addresses: () => readonly string[];
  readonly onEvent: (event: NetworkEvent) => void;
  readonly onFact: (fact: LinkFact) => void;
}

/** One socket. */
interface Place {
  readonly name: PlaceName;
  readonly socket: MulticastDNS;
  readonly counts: PlaceCounts;
  isReady: boolean;
  answeredAt: number;
  answering: NodeJS.Timeout | undefined;
}

export class Mdns {
  readonly #init: MdnsInit;
  readonly #places = new Map<string, Place>();
  /** Address to the time of its last report. */
  readonly #heard = new Map<string, number>();
  readonly #strangers = new Set<PeerId>();
  readonly #failures = new Set<string>();
  readonly #otherNetworks = new OtherNetworks();
  /** Counts of places that stand, and of those that could not be opened. */
  readonly #counts = new Map<string, { readonly name: PlaceName; readonly counts: PlaceCounts }>();
  #queryMs: number = mdnsQueryMs.first;
  #queryDueAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #second = { number: 0, packets: 0 };
  #isStopped = false;

  constructor(init: MdnsInit) {
    this.#init = init;
  }

  start(): void {
    this.#tick();
  }

  /** This machine has other addresses, or was asleep: everybody is asked, and told, anew. */
  lookAgain(): void {
    if (this.#isStopped) return;
    clearTimeout(this.#timer);
    [this.#queryMs, this.#queryDueAt] = [mdnsQueryMs.first, 0];
    this.#heard.clear(); // who is heard now is news again
    this.#tick();
    for (const place of this.#places.values()) this.#answerSoon(place);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await Promise.all([...this.#places.values()].map((place) => this.#leave(place)));
    await Promise.all([...this.#places.keys()].map((key) => this.#close(key)));
  }

  health(): MdnsHealth {
    const places = [...this.#counts.values()].map(({ name, counts }) => ({
      interface: name.interface,
      family: name.family,
      loopback: name.isLoopback,
      sent: counts.sent,
      echoes: counts.echoes,
      heard: counts.heard,
      lastHeardAt: counts.lastHeardAt,
      failure: counts.failure,
    }));
    const { names } = this.#otherNetworks;
    return { enabled: true, places, otherNetworks: { nodes: this.#strangers.size, names } };
  }

  #tick(): void {
    if (this.#isStopped) return;
    this.#scan();
    const at = performance.now();
    if (at >= this.#queryDueAt) {
      for (const place of this.#places.values()) this.#query(place);
      this.#queryDueAt = at + this.#queryMs;
      this.#queryMs = Math.min(2 * this.#queryMs, mdnsQueryMs.longest);
    }
    this.#timer = setTimeout(() => this.#tick(), Math.max(0, Math.min(this.#queryDueAt - at, mdnsScanEveryMs)));
  }

  /** Opens a place on every interface that has none, closes those whose interface is gone. */
  #scan(): void {
    const names = placesNow(this.#init.family);
    const keys = new Set(names.map(({ key }) => key));
    for (const key of this.#places.keys()) if (!keys.has(key)) void this.#close(key);
    for (const key of this.#counts.keys()) if (!keys.has(key)) this.#counts.delete(key);
    for (const name of names) if (!this.#places.has(name.key)) this.#open(name);
  }

  #open(name: PlaceName): void {
    const counts = this.#counts.get(name.key)?.counts ?? new PlaceCounts();
    this.#counts.set(name.key, { name, counts });
    let socket: MulticastDNS;
    try {
      socket = openPlace(name);
    } catch (cause) {
      this.#failed(name, cause);
      return;
    }
    const place: Place = { name, socket, counts, isReady: false, answeredAt: -mdnsAnswerEveryMs, answering: undefined };
    this.#places.set(name.key, place);
    socket.on("error", (cause: Error) => {
      this.#failed(name, cause);
      void this.#close(name.key);
    });
    socket.on("warning", (cause: Error) => this.#warned(name, cause));
    socket.on("query", (packet: QueryPacket) => {
      if (this.#mayLook() && (packet.questions ?? []).some(asksForService)) this.#answerSoon(place);
    });
    socket.on("response", (packet: ResponsePacket, sender: RemoteInfo) => {
      if (this.#mayLook())
        this.#hear([...(packet.answers ?? []), ...(packet.additionals ?? [])], sender.address, place);
    });
    socket.once("ready", () => {
      place.isReady = true;
      this.#answerSoon(place);
      this.#query(place);
    });
  }

  async #close(key: string): Promise<void> {
    const place = this.#places.get(key);
    if (place === undefined) return;
    this.#places.delete(key);
    clearTimeout(place.answering);
    await new Promise<void>((resolve) => {
      try {
        place.socket.destroy(resolve);
      } catch {
        resolve(); // a socket that never came to be bound cannot be closed
      }
    });
  }

  /** Says that we are gone, and waits until that has left. */
  async #leave(place: Place): Promise<void> {
    if (!place.isReady) return;
    const farewell = this.#recordsAt(place).map((record) => ({ ...record, ttl: 0 }));
    if (farewell.length === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, mdnsFarewellMsMax);
      const sent = (): void => {
        clearTimeout(timer);
        resolve();
      };
      try {
        place.socket.respond({ answers: farewell }, sent);
      } catch {
        sent(); // whoever cannot be told finds out at the next dial
      }
    });
  }

  #query(place: Place): void {
    this.#send(place, (done) => place.socket.query({ questions: [{ name: serviceName, type: "PTR" }] }, done));
  }

  /** Answers now, or when a second has passed since the last answer. */
  #answerSoon(place: Place): void {
    if (place.answering !== undefined || this.#places.get(place.name.key) !== place) return;
    const waitMs = Math.max(0, place.answeredAt + mdnsAnswerEveryMs - performance.now());
    place.answering = setTimeout(() => {
      place.answering = undefined;
      place.answeredAt = performance.now();
      this.#answer(place);
    }, waitMs);
  }

  #answer(place: Place): void {
    const [pointer, ...details] = this.#recordsAt(place);
    if (pointer === undefined) return;
    this.#send(place, (done) => place.socket.respond({ answers: [pointer], additionals: details }, done));
  }

  /** What is announced at a place. */
  #recordsAt({ name }: Place): ReturnType<typeof recordsFor> {
    const addresses = this.#init
      .addresses()
      .filter((address) => name.isLoopback || !isLoopbackHost(address.split("/")[2] ?? ""));
    return recordsFor(this.#init.self, this.#init.network, addresses);
  }

  #send(place: Place, send: (done: (cause: Error | null) => void) => void): void {
    try {
      send((cause) => {
        if (cause !== null && cause !== undefined) this.#failed(place.name, cause);
        else {
          place.counts.sent += 1;
          place.counts.failure = undefined;
        }
      });
    } catch (cause) {
      this.#failed(place.name, cause);
    }
  }

  #hear(records: readonly DnsRecord[], sender: string, place: Place): void {
    const isFromThisHost = ownHosts().includes(sender.replace(/%.*/, ""));
    const ownTag = networkTagOf(this.#init.network.id);
    for (const peer of departedIn(records)) this.#forget(peer);
    for (const announcement of announcementsIn(records, isFromThisHost)) {
      this.#count(announcement, sender, place);
      if (announcement.networkTag === ownTag) this.#heardMember(announcement);
      else this.#heardStranger(announcement);
    }
  }

  /** Every socket of a family hears what comes to any interface: it counts where it came from. */
  #count({ addresses }: Announcement, sender: string, { name, counts }: Place): void {
    if (!name.isFrom(sender)) return;
    if (addresses.some(({ peer }) => peer === this.#init.self)) counts.echoes += 1;
    else {
      counts.heard += 1;
      counts.lastHeardAt = now();
    }
  }

  /** A member said farewell: when it is heard again, that is news. */
  #forget(peer: string): void {
    for (const address of this.#heard.keys()) if (address.endsWith(`/p2p/${peer}`)) this.#heard.delete(address);
  }

  #heardMember(announcement: Announcement): void {
    const at = performance.now();
    for (const { address, peer } of announcement.addresses) {
      const last = this.#heard.get(address);
      if (peer === this.#init.self || (last !== undefined && at - last < mdnsRepeatMs)) continue;
      this.#heard.delete(address);
      this.#heard.set(address, at);
      forgetOldest(this.#heard);
      this.#init.onEvent({ type: "candidateFound", address, peer, source: "mdns" });
    }
  }

  #heardStranger(announcement: Announcement): void {
    this.#otherNetworks.add(announcement.networkName);
    for (const { peer } of announcement.addresses) {
      if (peer === this.#init.self || this.#strangers.has(peer)) continue;
      this.#strangers.add(peer);
      forgetOldest(this.#strangers);
      this.#init.onFact({ type: "strangerHeard", at: now(), peer, networkName: announcement.networkName });
    }
  }

  /** What the library calls a warning: packets of others that do not parse, and troubles of our socket. */
  #warned(name: PlaceName, cause: Error): void {
    if ("syscall" in cause) this.#failed(name, cause);
  }

  #failed(name: PlaceName, cause: unknown): void {
    if (this.#isStopped) return;
    const reason = wordsOf(cause);
    const where = `${name.interface} (IP${name.family})`;
    const known = this.#counts.get(name.key);
    if (known !== undefined) known.counts.failure = reason;
    const key = `${where} ${reason}`;
    if (this.#failures.has(key)) return;
    this.#failures.add(key);
    forgetOldest(this.#failures);
    this.#init.onFact({ type: "mdnsFailed", at: now(), networkInterface: where, reason });
  }

  #mayLook(): boolean {
    const number = Math.floor(performance.now() / 1_000);
    if (this.#second.number !== number) this.#second = { number, packets: 0 };
    this.#second.packets += 1;
    return this.#second.packets <= mdnsPacketsPerSecondMax;
  }
}

/** Every address of this machine. */
function ownHosts(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address));
}

function forgetOldest(table: Map<string, unknown> | Set<string>): void {
  const oldest = table.size > mdnsTableMax ? table.keys().next().value : undefined;
  if (oldest !== undefined) table.delete(oldest);
}
