/**
 * The libp2p driver: composes host, gate, gossip, links and mDNS behind the port, turns orders
 * into calls and calls into events and facts. It decides nothing about peers; that is the core's.
 *
 * 1. Orders may come from inside an event. An order for a link that is gone is ignored.
 * 2. After `linkClosed` no event names the link again.
 * 3. No promise is left without a decision: what a peer sends never ends the process.
 */
// tidy: long because it composes the parts of the driver, each order and each event in a few lines
import type { Connection, IdentifyResult } from "@libp2p/interface";
import { assert, unreachable } from "../../base/assert.ts";
import type { PeerId } from "../../base/brand.ts";
import { isRelayed } from "../../base/relayed-address.ts";
import { encodeAdmit } from "../../codec/admit.ts";
import { linkProtocols } from "../../codec/link-protocols.ts";
import type { LinkId, LinkProtocol, NetworkEvent, NetworkOrder } from "../../ports/network.ts";
import type { LinkResources } from "../../ports/link-resources.ts";
import { familyRefusal } from "../../base/address-family.ts";
import { checkOwnAddress, namedBy } from "./addresses.ts";
import { ByteBudget } from "./byte-budget.ts";
import { Dials } from "./dials.ts";
import { FrameCounts } from "./frame-counts.ts";
import type { LinkFact, LiveDriverOptions, NetworkDriver, NetworkDriverOptions, Traffic } from "./driver-types.ts";
import { Gate } from "./gate.ts";
import { Gossip } from "./gossip.ts";
import { HostWatch } from "./host-watch.ts";
import { createHost, forgetGonePeers, type Host } from "./host.ts";
import { frameBytesMax, peerProtocolsMax, peerSweepEveryMs, peerTextMax } from "./limits.ts";
import { Link } from "./link.ts";
import { resourcesOf } from "./link-resources.ts";
import { startListening } from "./listen.ts";
import { Mdns } from "./mdns.ts";
import { type MdnsHealth, mdnsOff } from "./mdns-health.ts";
import { Partings } from "./partings.ts";
import { Pinger } from "./pinger.ts";
import { protocolNamesOf } from "./protocol-names.ts";
import { now } from "./now.ts";
import { Bandwidth } from "./rates/bandwidth.ts";
import { InputWatch } from "./rates/input-watch.ts";
import { partingMsMax } from "./rates/limits.ts";
import { RawConnections } from "./raw-connections.ts";
import { Relaying } from "./relay/relaying.ts";
import { Strays } from "./strays.ts";
import { Unjudged } from "./unjudged.ts";

/** Makes the driver; nothing listens before `start`. Throws `invalid_address` for listen and announce addresses that cannot be. */
export async function createLibp2pDriver(options: NetworkDriverOptions): Promise<NetworkDriver> {
  for (const address of [...options.listen, ...options.announce]) checkOwnAddress(address, options.family);
  const driver = new Libp2pDriver(options);
  await driver.prepare();
  return driver;
}

/** Of a node whose core cannot say goodbye any more. */
const farewell = encodeAdmit({
  type: "goodbye",
  code: "shuttingDown",
  retryAfterSeconds: 0,
  reason: "the node is stopping without its core",
});

class Libp2pDriver implements NetworkDriver {
  readonly #options: NetworkDriverOptions;
  readonly #protocolNames: Readonly<Record<LinkProtocol, string>>;
  readonly #budget: ByteBudget;
  readonly #links = new Map<LinkId, Link>();
  readonly #linkOf = new Map<Connection, Link>();
  readonly #bandwidth: Bandwidth;
  readonly #watch: InputWatch;
  readonly #raws: RawConnections;
  readonly #gate: Gate;
  readonly #unjudged: Unjudged;
  readonly #gossip: Gossip;
  readonly #pinger: Pinger;
  readonly #hostWatch: HostWatch;
  readonly #relaying: Relaying;
  readonly #dials: Dials;
  readonly #partings = new Partings();
  readonly #stopping = new AbortController();
  #host: Host | undefined;
  #mdns: Mdns | undefined;
  #sweeper: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | undefined;
  readonly #strays = new Strays();
  #linkCount = 0;
  #toldAddresses = "";
  #outer: readonly string[] = [];
  readonly #framesSent = new FrameCounts();
  #framesReceived = 0;

  constructor(options: NetworkDriverOptions) {
    this.#options = options;
    this.#budget = new ByteBudget(options.inputBytesMax);
    this.#bandwidth = new Bandwidth(options.bandwidthMax, performance.now());
    this.#watch = new InputWatch(this.#bandwidth, options.peerRates);
    this.#protocolNames = protocolNamesOf(options.protocolScope);
    const onFact = (fact: LinkFact): void => options.onFact(fact);
    this.#raws = new RawConnections(onFact, this.#watch);
    this.#gate = new Gate((connection) => this.#linkOf.get(connection));
    this.#unjudged = new Unjudged((event) => this.#emit(event), this.#budget);
    this.#gossip = new Gossip({
      topic: options.gossipTopic,
      isDropping: options.dropGossip,
      gate: this.#gate,
      unjudged: this.#unjudged,
      watch: this.#watch,
      queuesBytesMax: options.gossipBytesMax,
      onFact,
    });
    this.#pinger = new Pinger(options, (link, rttMs) => {
      onFact({ type: "rttMeasured", at: now(), link: link.id, rttMs });
      this.#emit({ type: "rttMeasured", link: link.id, rttMs });
    });
    this.#relaying = new Relaying({
      serves: options.relays,
      gate: this.#gate,
      linkOf: (connection) => this.#linkOf.get(connection),
      onFact: (fact) => onFact({ ...fact, at: now() }),
      onEvent: (event) => this.#emit(event),
      onAddresses: () => this.#tellAddresses(),
    });
    this.#dials = new Dials(() => ({
      self: this.peerId,
      family: options.family,
      transports: this.#prepared().transports,
      circuits: this.#prepared().circuits,
      circuitTo: (relay, peer, signal) => this.#relaying.connect(relay, peer, signal),
      stopping: this.#stopping.signal,
      withinMs: options.dialMs,
    }));
    this.#hostWatch = new HostWatch({
      onResumed: (sleptMs) => {
        this.#pinger.recheck();
        this.#mdns?.lookAgain();
        this.#emit({ type: "resumed", sleptMs });
      },
      onAddressesChanged: (added, removed) => {
        this.#tellAddresses();
        this.#mdns?.lookAgain();
        this.#emit({ type: "addressesChanged", added, removed });
      },
    });
  }

  /** Builds the libp2p instance; once, before anything else. */
  async prepare(): Promise<void> {
    this.#host = await createHost(this.#options, this.#raws, this.#gossip, this.#watch);
    for (const { name, problem } of this.#host.missing)
      this.#options.onFact({ type: "transportMissing", at: now(), transport: name, reason: problem });
  }

  get peerId(): PeerId {
    return this.#prepared().libp2p.peerId.toString() as PeerId;
  }

  async start(): Promise<void> {
    const { libp2p } = this.#prepared();
    libp2p.addEventListener("connection:open", (event) => this.#onConnection(event.detail));
    libp2p.addEventListener("peer:identify", (event) => this.#onIdentified(event.detail));
    for (const protocol of linkProtocols) await this.#serve(protocol);
    await this.#relaying.serve(libp2p, this.#prepared().circuits);
    try {
      await startListening(this.#prepared());
    } catch (cause) {
      await this.stop();
      throw cause;
    }
    if (this.#options.mdns) this.#startMdns();
    this.#gossip.subscribe();
    this.#hostWatch.start();
    this.#sweeper = setInterval(() => this.#sweep(), peerSweepEveryMs);
    this.#tellAddresses();
  }

  addresses(): readonly string[] {
    const { announce, family } = this.#options;
    const found = this.#prepared().listening();
    const direct = found.map(String).filter((address) => familyRefusal(address, family) === undefined);
    const all = [...direct, ...announce, ...this.#outer, ...this.#relaying.addresses()];
    return [...new Set(all.map((address) => namedBy(address, this.peerId)))];
  }

  setOuterAddress(address: string | undefined): void {
    this.#outer = address === undefined ? [] : [address];
    this.#tellAddresses();
  }

  relaying(): ReturnType<NetworkDriver["relaying"]> {
    return this.#relaying.served();
  }

  carryOut(order: NetworkOrder): void {
    if (this.#stopping.signal.aborted) return;
    switch (order.type) {
      case "dial":
        void this.#dial(order);
        return;
      case "send":
        this.#links.get(order.link)?.send(order.protocol, order.frame);
        return;
      case "acceptLink":
        this.#accept(order.link);
        return;
      case "admitLink":
        this.#admit(order.link);
        return;
      case "closeLink": {
        const link = this.#links.get(order.link);
        if (link !== undefined) this.#partings.part(link, order.reason);
        return;
      }
      case "probe":
        void this.#probe(order);
        return;
      case "reserve": {
        const link = this.#links.get(order.link);
        if (link !== undefined) void this.#relaying.reserve(link);
        return;
      }
      case "release":
        this.#relaying.release(order.link);
        return;
      case "publish":
        this.#gossip.publish(order.payload);
        return;
      case "judge":
        this.#unjudged.judge(order.message, order.verdict);
        return;
      default:
        unreachable(order);
    }
  }

  taken(link: LinkId, bytes: number): void {
    this.#links.get(link)?.taken(bytes);
  }

  spent(peer: PeerId, ms: number): void {
    this.#watch.slow(peer, "replicaMs", ms);
  }

  /** Messages are frames on our protocols and batches in gossip RPCs, both as handed to and taken from a stream. */
  counters(): ReturnType<NetworkDriver["counters"]> {
    return {
      total_connections: this.#linkCount,
      active_connections: this.#links.size,
      messages_sent: this.#framesSent.frames + this.#gossip.counts.messagesSent,
      messages_received: this.#framesReceived + this.#gossip.counts.messagesReceived,
      bytes_sent: this.#raws.sentBytes,
      bytes_received: this.#raws.receivedBytes,
    };
  }

  traffic(): Traffic {
    const gossip = this.#gossip.counts.traffic();
    return { frames: { ...this.#framesSent.byProtocol(), gossip: gossip.rpcs }, gossip };
  }

  adjust(options: LiveDriverOptions): void {
    this.#bandwidth.limitTo(options.bandwidthMax, performance.now());
    this.#watch.changeRates(options.peerRates);
    this.#prepared().takeLinks(options.linksMax);
    this.#pinger.change(options);
    if (options.mdns) this.#startMdns();
    else void this.#stopMdns();
  }

  pace(bytesPerSecond: number | undefined): void {
    this.#bandwidth.pace(bytesPerSecond, performance.now());
    this.#watch.letsIn = bytesPerSecond === undefined;
  }

  bandwidth(): ReturnType<NetworkDriver["bandwidth"]> {
    return this.#bandwidth.use(performance.now());
  }

  links(): readonly LinkResources[] {
    return Array.from(this.#links.values(), (link) => resourcesOf(link, this.#raws.rawOf(link.connection)));
  }

  mdnsHealth(): MdnsHealth {
    return this.#mdns?.health() ?? mdnsOff;
  }

  gossipPeers(): ReturnType<NetworkDriver["gossipPeers"]> {
    return this.#gossip.peers();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    clearInterval(this.#sweeper);
    this.#hostWatch.stop();
    this.#unjudged.stop();
    this.#relaying.stop();
    this.#bandwidth.limitTo(undefined, performance.now()); // goodbyes do not wait
    await this.#stopMdns();
    for (const link of this.#links.values()) if (link.isOpen) link.send("admit", farewell); // of the core, where it could
    await Promise.all([...this.#links.values()].map((link) => link.close("this node is stopping")));
    await this.#prepared().libp2p.stop();
  }

  #prepared(): Host {
    assert(this.#host !== undefined, "the driver is prepared before it is used");
    return this.#host;
  }

  #emit(event: NetworkEvent): void {
    this.#options.onEvent(event);
  }

  async #serve(protocol: LinkProtocol): Promise<void> {
    const read = (stream: Parameters<Link["read"]>[1], connection: Connection): void =>
      this.#linkOf.get(connection)?.read(protocol, stream);
    const handler = protocol === "admit" ? read : this.#gate.whenAccepted(read);
    await this.#prepared().libp2p.handle(this.#protocolNames[protocol], handler, {
      maxInboundStreams: 1,
      maxOutboundStreams: 1,
    });
  }

  #startMdns(): void {
    const { network, family, onFact } = this.#options;
    if (this.#mdns !== undefined) return;
    this.#mdns = new Mdns({
      self: this.peerId,
      network,
      family,
      addresses: () => this.addresses().filter((address) => !isRelayed(address)),
      onEvent: (event) => this.#emit(event),
      onFact,
    });
    this.#mdns.start();
  }

  async #stopMdns(): Promise<void> {
    const mdns = this.#mdns;
    this.#mdns = undefined;
    await mdns?.stop();
  }

  #onConnection(connection: Connection): void {
    if (connection.status !== "open" || this.#stopping.signal.aborted) return;
    this.#linkCount += 1;
    const raw = this.#raws.rawOf(connection);
    const link = new Link({
      id: this.#linkCount,
      connection,
      protocolNames: this.#protocolNames,
      budget: this.#budget,
      frameBytesMax: this.#options.frameBytesMax,
      bandwidth: this.#bandwidth,
      hooks: {
        onFrame: (from, protocol, frame) => {
          this.#framesReceived += 1;
          raw.watched.slow("protocolFrames", 1);
          this.#emit({ type: "frameReceived", link: from.id, protocol, frame });
        },
        onFrameSent: (protocol, bytes) => this.#framesSent.sent(protocol, bytes),
        onDrained: (on, protocol) => this.#emit({ type: "drained", link: on.id, protocol }),
        onFrameRefused: (from, protocol, lengthBytes, lengthBytesMax) =>
          this.#partFrom(
            from,
            {
              ...{ type: "frameRefused", link: from.id, protocol, lengthBytes, lengthBytesMax },
              breaksProtocol: lengthBytes > frameBytesMax[protocol],
            },
            `a frame of ${lengthBytes} bytes on ${protocol} is over the limit of ${lengthBytesMax}`,
          ),
        onFailing: (failing, code, reason) =>
          this.#partFrom(failing, { type: "linkFailing", link: failing.id, code, reason }, reason),
        onClosed: (closed, reason) => this.#onLinkClosed(closed, reason),
      },
      stopReading: () => raw.carrier.stopReading(),
    });
    this.#links.set(link.id, link);
    this.#linkOf.set(connection, link);
    this.#raws.linked(raw, link.id, link.peer);
    raw.watched.onMisbehaved = (reason) =>
      this.#partFrom(link, { type: "peerMisbehaved", link: link.id, reason }, reason);
    const { attempt, direction } = raw;
    assert(attempt !== "probe", "a look whether a peer answers becomes no link");
    this.#emit({
      type: "linkOpened",
      link: link.id,
      peer: link.peer,
      direction,
      address: connection.remoteAddr.toString(),
      attempt,
    });
  }

  /** The core parts with the peer in its own words; where it does not, the link ends here. */
  #partFrom(link: Link, event: NetworkEvent, reason: string): void {
    this.#emit(event);
    setTimeout(() => this.#partings.part(link, reason), partingMsMax).unref();
  }

  #onLinkClosed(link: Link, reason: string): void {
    this.#links.delete(link.id);
    this.#linkOf.delete(link.connection);
    this.#pinger.stop(link);
    this.#gate.closed(link);
    this.#relaying.closed(link);
    this.#options.onFact({ type: "linkClosed", at: now(), link: link.id, reason });
    this.#emit({ type: "linkClosed", link: link.id, reason });
  }

  #onIdentified(result: IdentifyResult): void {
    const link = this.#linkOf.get(result.connection);
    if (link === undefined) return;
    link.observedAs = result.observedAddr?.toString();
    const agent = (result.agentVersion ?? "").slice(0, peerTextMax);
    const protocols = result.protocols.slice(0, peerProtocolsMax).map((name) => name.slice(0, peerTextMax));
    this.#options.onFact({ type: "identified", at: now(), link: link.id, agent, protocols });
  }

  #accept(id: LinkId): void {
    const link = this.#links.get(id);
    if (link !== undefined) this.#gate.accept(link);
  }

  #admit(id: LinkId): void {
    const link = this.#links.get(id);
    if (link === undefined || link.gate === "admitted" || !link.isOpen) return;
    this.#gate.admit(link);
    this.#raws.rawOf(link.connection).watched.isAdmitted = true;
    this.#pinger.start(link);
  }

  async #dial({ address, attempt, answerMsMax }: Extract<NetworkOrder, { type: "dial" }>): Promise<void> {
    this.#options.onFact({ type: "dialStarted", at: now(), attempt, address });
    const outcome = await this.#dials.dial(address, attempt, answerMsMax);
    if (outcome.type === "connected" && this.#raws.rawOf(outcome.connection).stage === "linked") return;
    const { failure, detail } =
      outcome.type === "failed"
        ? outcome
        : ({ failure: "protocol", detail: "the peer closed the connection as it opened" } as const);
    this.#options.onFact({ type: "dialFailed", at: now(), attempt, failure, reason: detail });
    this.#emit({ type: "dialFailed", address, attempt, failure, detail });
  }

  async #probe({ address, number }: Extract<NetworkOrder, { type: "probe" }>): Promise<void> {
    const outcome = await this.#dials.dial(address, "probe");
    this.#emit({ type: "probed", number, failure: outcome.type === "failed" ? outcome.failure : undefined });
  }

  #tellAddresses(): void {
    const addresses = this.addresses();
    if (addresses.join(" ") === this.#toldAddresses) return;
    this.#toldAddresses = addresses.join(" ");
    this.#emit({ type: "listening", addresses });
  }

  #sweep(): void {
    this.#tellAddresses();
    this.#strays.check(this.#prepared().libp2p.getConnections(), this.#links.values(), {
      dead: (link) => this.#onLinkClosed(link, "its connection was gone"),
      stray: (connection) => connection.abort(new Error("the connection belongs to no link")),
    });
    this.#emit({ type: "linksStanding", links: [...this.#links.keys()] });
    void forgetGonePeers(this.#prepared().libp2p);
  }
}
