/**
 * Finds nodes on the local network, and is found by them, over multicast DNS on IPv4.
 *
 * One socket per network interface, loopback included, because a socket sends to one interface
 * only: a machine with several networks is found on each, one with none finds its own nodes, and
 * a namespace without a default route needs none. Each sees only the addresses that help there:
 * loopback addresses are announced on loopback alone.
 *
 * 1. A failing interface is reported once per cause and tried again at the next look; nothing
 *    here ends the process.
 * 2. Every table is bounded and forgets the oldest; packets are bounded per second.
 */
import multicastDns, { type MulticastDNS, type QueryPacket, type ResponsePacket } from "multicast-dns";
import type { RemoteInfo } from "node:dgram";
import { networkInterfaces } from "node:os";
import type { PeerId } from "../../base/brand.ts";
import type { NetworkEvent } from "../../ports/network.ts";
import type { LinkFact } from "./driver-types.ts";
import { wordsOf } from "./words-of.ts";
import {
  mdnsAnswerEveryMs,
  mdnsPacketsPerSecondMax,
  mdnsQueryMs,
  mdnsRepeatMs,
  mdnsScanEveryMs,
  mdnsTableMax,
} from "./limits.ts";
import {
  announcementsIn,
  asksForService,
  isLoopbackHost,
  networkTagOf,
  recordsFor,
  serviceName,
  type Announcement,
  type DnsRecord,
} from "./mdns-records.ts";
import { now } from "./now.ts";

export interface MdnsInit {
  readonly self: PeerId;
  readonly network: { readonly name: string; readonly id: string };
  /** Our addresses now, as multiaddrs with our peer id. */
  readonly addresses: () => readonly string[];
  readonly onEvent: (event: NetworkEvent) => void;
  readonly onFact: (fact: LinkFact) => void;
}

/** One socket, on the interface with this address. */
interface Place {
  readonly host: string;
  readonly socket: MulticastDNS;
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
    await Promise.all([...this.#places.keys()].map((host) => this.#close(host)));
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
    const hosts = interfaceHosts();
    for (const host of this.#places.keys()) if (!hosts.includes(host)) void this.#close(host);
    for (const host of hosts) if (!this.#places.has(host)) this.#open(host);
  }

  #open(host: string): void {
    let socket: MulticastDNS;
    try {
      socket = multicastDns({ interface: host, bind: "0.0.0.0", loopback: true, reuseAddr: true });
    } catch (cause) {
      this.#failed(host, cause);
      return;
    }
    const place: Place = { host, socket, answeredAt: -mdnsAnswerEveryMs, answering: undefined };
    this.#places.set(host, place);
    socket.on("error", (cause: Error) => {
      this.#failed(host, cause);
      void this.#close(host);
    });
    socket.on("warning", (cause: Error) => this.#warned(host, cause));
    socket.on("query", (packet: QueryPacket) => {
      if (this.#mayLook() && (packet.questions ?? []).some(asksForService)) this.#answerSoon(place);
    });
    socket.on("response", (packet: ResponsePacket, sender: RemoteInfo) => {
      if (this.#mayLook()) this.#hear([...(packet.answers ?? []), ...(packet.additionals ?? [])], sender.address);
    });
    socket.once("ready", () => {
      this.#answerSoon(place);
      this.#query(place);
    });
  }

  async #close(host: string): Promise<void> {
    const place = this.#places.get(host);
    if (place === undefined) return;
    this.#places.delete(host);
    clearTimeout(place.answering);
    await new Promise<void>((resolve) => {
      try {
        place.socket.destroy(resolve);
      } catch {
        resolve(); // a socket that never came to be bound cannot be closed
      }
    });
  }

  #query(place: Place): void {
    this.#send(place, (done) => place.socket.query({ questions: [{ name: serviceName, type: "PTR" }] }, done));
  }

  /** Answers now, or when a second has passed since the last answer. */
  #answerSoon(place: Place): void {
    if (place.answering !== undefined || this.#places.get(place.host) !== place) return;
    const waitMs = Math.max(0, place.answeredAt + mdnsAnswerEveryMs - performance.now());
    place.answering = setTimeout(() => {
      place.answering = undefined;
      place.answeredAt = performance.now();
      this.#answer(place);
    }, waitMs);
  }

  #answer(place: Place): void {
    const isLoopback = isLoopbackHost(place.host);
    const addresses = this.#init
      .addresses()
      .filter((address) => isLoopback || !isLoopbackHost(address.split("/")[2] ?? ""));
    const [pointer, ...details] = recordsFor(this.#init.self, this.#init.network, addresses);
    if (pointer === undefined) return;
    this.#send(place, (done) => place.socket.respond({ answers: [pointer], additionals: details }, done));
  }

  #send(place: Place, send: (done: (cause: Error | null) => void) => void): void {
    try {
      send((cause) => {
        if (cause !== null && cause !== undefined) this.#failed(place.host, cause);
      });
    } catch (cause) {
      this.#failed(place.host, cause);
    }
  }

  #hear(records: readonly DnsRecord[], sender: string): void {
    const isFromThisHost = interfaceHosts().includes(sender);
    const ownTag = networkTagOf(this.#init.network.id);
    for (const announcement of announcementsIn(records, isFromThisHost)) {
      if (announcement.networkTag === ownTag) this.#heardMember(announcement);
      else this.#heardStranger(announcement);
    }
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
    for (const { peer } of announcement.addresses) {
      if (peer === this.#init.self || this.#strangers.has(peer)) continue;
      this.#strangers.add(peer);
      forgetOldest(this.#strangers);
      this.#init.onFact({ type: "strangerHeard", at: now(), peer, networkName: announcement.networkName });
    }
  }

  /** What the library calls a warning: packets of others that do not parse, and troubles of our socket. */
  #warned(host: string, cause: Error): void {
    if ("syscall" in cause) this.#failed(host, cause);
  }

  #failed(host: string, cause: unknown): void {
    if (this.#isStopped) return;
    const reason = wordsOf(cause);
    const key = `${host} ${reason}`;
    if (this.#failures.has(key)) return;
    this.#failures.add(key);
    forgetOldest(this.#failures);
    this.#init.onFact({ type: "mdnsFailed", at: now(), networkInterface: host, reason });
  }

  #mayLook(): boolean {
    const number = Math.floor(performance.now() / 1_000);
    if (this.#second.number !== number) this.#second = { number, packets: 0 };
    this.#second.packets += 1;
    return this.#second.packets <= mdnsPacketsPerSecondMax;
  }
}

/** One IPv4 address of each network interface. */
function interfaceHosts(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => {
    const host = addresses?.find((address) => address.family === "IPv4")?.address;
    return host === undefined ? [] : [host];
  });
}

function forgetOldest(table: Map<string, unknown> | Set<string>): void {
  const oldest = table.size > mdnsTableMax ? table.keys().next().value : undefined;
  if (oldest !== undefined) table.delete(oldest);
}
