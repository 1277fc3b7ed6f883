/** What one relay gives in all, and what one circuit may carry; over streams in memory, with the limits as they are. */
import type { Connection, Stream } from "@libp2p/interface";
import { streamPair } from "@libp2p/utils";
import { afterEach, expect, test } from "vitest";
import { until } from "../../../../test/support/until.ts";
import type { Author, PeerId } from "../../../base/brand.ts";
import { peerIdOf } from "../../../codec/peer-id.ts";
import { TokenBucket } from "../rates/token-bucket.ts";
import { askForCircuit, askForPlace, takeCircuit } from "./client.ts";
import { circuitsMax, circuitsPerPeerMax, relayBytesRate, reservationsMax } from "./limits.ts";
import { type RelayFact, RelayServer } from "./server.ts";
import { type CircuitBounds, type CircuitEnd, type Splice, splice, usualCircuit } from "./splice.ts";

interface Member {
  readonly id: PeerId;
  isLinked: boolean;
  /** Its connection to the relay, and the relay's to it. */
  readonly toRelay: Connection;
  readonly fromRelay: Connection;
}

class Around {
  readonly facts: RelayFact[] = [];
  readonly members: readonly Member[];
  readonly server: RelayServer;

  constructor(count: number) {
    this.members = Array.from({ length: count }, (_, i) => this.#member(i));
    this.server = new RelayServer({
      connectionTo: (peer) => this.members.find(({ id, isLinked }) => id === peer && isLinked)?.fromRelay,
      onFact: (fact) => this.facts.push(fact),
      onGuests: () => undefined,
    });
  }

  at(i: number): Member {
    return this.members[i] as Member;
  }

  place(i: number): Promise<string | undefined> {
    return askForPlace(this.at(i).toRelay);
  }

  circuit(from: number, to: number): Promise<Stream> {
    return askForCircuit(this.at(from).toRelay, this.at(to).id, new AbortController().signal);
  }

  get lastRefusal(): string | undefined {
    return this.facts.findLast((fact) => fact.type === "relayRefused")?.reason;
  }

  #member(i: number): Member {
    const id = peerIdOf((i + 1).toString(16).padStart(2, "0").repeat(32) as Author);
    const remote = {
      remotePeer: { toString: () => id },
      remoteAddr: { toString: () => `/ip4/127.0.0.1/tcp/${i + 1}` },
    };
    const fromRelay = { ...remote, newStream: () => joined((theirs) => takeCircuit(theirs, true)) };
    const toRelay = { ...remote, newStream: () => joined((theirs) => this.server.serve(theirs, fromRelay as never)) };
    return { id, isLinked: true, toRelay: toRelay as never, fromRelay: fromRelay as never };
  }
}

/** A stream, and whoever serves its other end. */
async function joined(serve: (theirs: Stream) => Promise<unknown>): Promise<Stream> {
  const [mine, theirs] = await streamPair();
  void serve(theirs);
  return mine;
}

const splices: Splice[] = [];
afterEach(() => {
  for (const each of splices.splice(0)) each.end();
});

test("a relay has so many places; the next is refused with that word until one is free, and who has one keeps it", async () => {
  const around = new Around(reservationsMax + 1);
  for (let i = 0; i < reservationsMax; i++) expect(await around.place(i)).toBeUndefined();
  expect(await around.place(reservationsMax)).toBe("it has no place left");
  expect(around.lastRefusal).toBe(`all ${reservationsMax} places are taken`);
  expect(await around.place(0)).toBeUndefined();
  around.at(1).isLinked = false;
  expect(await around.place(reservationsMax)).toBeUndefined();
  expect(around.server.guests()).toHaveLength(reservationsMax);
});

test("a relay joins so many pairs in all, though none of them has its own share; the next waits for one to end", async () => {
  const kept = circuitsMax / circuitsPerPeerMax;
  const askers = 2 * circuitsPerPeerMax;
  const around = new Around(askers + circuitsPerPeerMax + 1);
  for (let to = askers; to < around.members.length; to++) expect(await around.place(to)).toBeUndefined();
  const streams: Stream[] = [];
  for (let n = 0; n < circuitsMax; n++) streams.push(await around.circuit(n % askers, askers + Math.floor(n / kept)));
  expect(around.server.circuits).toBe(circuitsMax);
  const last = around.members.length - 1;
  await expect(around.circuit(0, last)).rejects.toMatchObject({
    failure: "relayRefused",
    message: "relay: it has too many circuits already",
  });
  expect(around.lastRefusal).toBe(`there are ${circuitsMax} circuits already`);
  streams[0]?.abort(new Error("done"));
  await until("one has ended", () => around.server.circuits < circuitsMax);
  await around.circuit(0, last);
  expect(around.server.circuits).toBe(circuitsMax);
  around.server.stop();
});

/** Two ends that a relay joins: what one sends the other gets. */
async function circuit(
  shared: TokenBucket,
  bounds: CircuitBounds,
): Promise<{
  readonly near: Stream;
  readonly inner: Stream;
  readonly received: () => number;
  readonly ended: Promise<CircuitEnd>;
}> {
  const [[near, inner], [outer, far]] = [await streamPair(), await streamPair()];
  let bytes = 0;
  far.addEventListener("message", ({ data }) => void (bytes += data.byteLength));
  const joint = splice(inner, outer, shared, bounds);
  splices.push(joint);
  return { near, inner, received: () => bytes, ended: joint.ended };
}

const unbounded = { perSecond: 1e12, burst: 1e12 };

test("a circuit ends with the byte that is one too many, in whichever direction", async () => {
  const { near, ended, received } = await circuit(new TokenBucket(unbounded, 0), { ...usualCircuit, bytesMax: 5_000 });
  near.send(new Uint8Array(5_000));
  await until("all that is allowed is there", () => received() === 5_000);
  near.send(new Uint8Array(1));
  expect(await ended).toBe("bytes");
  expect(received()).toBe(5_000);
});

test("a circuit ends when its time is over", async () => {
  const { ended } = await circuit(new TokenBucket(unbounded, 0), { ...usualCircuit, msMax: 10 });
  expect(await ended).toBe("time");
});

test("all circuits of a relay share one rate: what one has used the others wait for", async () => {
  const burst = 4_000;
  const shared = new TokenBucket({ perSecond: 1, burst }, performance.now());
  const [one, other] = [await circuit(shared, usualCircuit), await circuit(shared, usualCircuit)];
  const piece = 1_000;
  for (let n = 0; n < 6; n++) one.near.send(new Uint8Array(piece));
  await until("the one has to wait", () => one.inner.readStatus === "paused");
  other.near.send(new Uint8Array(piece));
  await until("the other has to wait", () => other.inner.readStatus === "paused");
  other.near.send(new Uint8Array(piece));
  await until("what left has arrived", () => one.received() > burst && other.received() === piece);
  expect(one.received()).toBeLessThanOrEqual(burst + 2 * piece);
  expect(relayBytesRate.perSecond).toBeGreaterThan(usualCircuit.rate.perSecond);
});
