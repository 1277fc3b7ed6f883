import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { banMsSteps } from "../peers/standing/limits.ts";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type MemoryStore, createMemoryStore } from "../../../sim/memory-store.ts";
import { type OutwardEffect, type VerifyEffect, runTurn } from "../../node/turn.ts";
import type { Incarnation, Instant, NetworkId } from "../../base/brand.ts";
import { type Bytes, utf8Encode } from "../../base/bytes.ts";
import { decodeAck } from "../../codec/ack.ts";
import { decodeAdmit } from "../../codec/admit.ts";
import { type OriginRanges, decodeFrontier } from "../../codec/frontier.ts";
import { decodeGossip } from "../../codec/gossip.ts";
import { peerIdOf } from "../../codec/peer-id.ts";
import type { Range } from "../../codec/ranges-wire.ts";
import { batchIdOf } from "../../crypto/batch-digest.ts";
import { type Signer, ed25519PublicKey, ed25519Signer, ed25519Verify } from "../../crypto/ed25519.ts";
import type { LinkId, LinkProtocol } from "../../ports/network.ts";
import type { ReplicaInput, Wish, WrittenOp } from "./inputs.ts";
import { newState } from "./new-state.ts";
import { Replica } from "./replica.ts";

/**
 * Three replicas and what they do to the world, as text beside this file: read it to see the protocol
 * at work. Lines are `ms name: effect`; `UPDATE_TRANSCRIPTS=1` writes the file anew.
 */
const file = join(import.meta.dirname, "story.transcript.txt");
const start = 1_700_000_000_000;
const network = "11".repeat(32) as NetworkId;

interface Wire {
  readonly ends: readonly [Member, Member];
}

class Member {
  readonly name: string;
  readonly signer: Signer;
  readonly store: MemoryStore = createMemoryStore();
  readonly replica: Replica;
  readonly heard = new Set<string>();
  /** Gossip messages not judged yet, by their number. */
  readonly payloads = new Map<number, Bytes>();
  messages = 0;

  constructor(name: string, number: number) {
    this.name = name;
    this.signer = ed25519Signer(new Uint8Array(32).fill(number));
    const options = {
      network,
      signer: this.signer,
      session: `0${number}`.repeat(8),
      agent: "story",
      seed: number,
      horizonDays: 30,
      pullEveryMs: 30_000,
      first: [],
      trieReplayOpsMin: 10,
      cutOffMs: 10_000,
      banMsSteps,
      exemptRanges: [],
      validators: [],
      outboundWanted: 0,
      exchange: false,
      usesRelays: false,
      routing: false,
      detector: { enabled: false, probeMs: 225 },
    };
    const state = newState(`${number}`.repeat(16) as Incarnation, 0 as Instant);
    this.replica = new Replica(options, this.store, state);
  }
}

/** The members, the wires between them, and one clock. Everything is delivered at once, in order. */
class Stage {
  readonly lines: string[] = [];
  readonly members = new Map<string, Member>();
  readonly #wires = new Map<LinkId, Wire>();
  readonly #queue: (readonly [Member, ReplicaInput])[] = [];
  readonly #titles = new Map<string, string>();
  #links = 0;
  mono = 0;
  /** Names of members whose gossip is lost on the way to them. */
  readonly deaf = new Set<string>();

  add(name: string): void {
    const member = new Member(name, this.members.size + 1);
    this.members.set(name, member);
    this.#titles.set(peerIdOf(member.signer.author), name);
    this.#titles.set(member.signer.author, name);
  }

  say(title: string): void {
    this.lines.push("", `# ${title}`);
  }

  tell(name: string, input: ReplicaInput): void {
    this.#queue.push([this.members.get(name) as Member, input]);
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#turn(...next);
  }

  /** Lets time pass, stopping wherever a member has something to do. */
  pass(ms: number): void {
    const end = this.mono + ms;
    for (;;) {
      const due = [...this.members.values()].map((member) => ({
        member,
        at: member.replica.nextDeadline(this.#now()) ?? Infinity,
      }));
      const next = due.reduce((a, b) => (b.at < a.at ? b : a));
      if (next.at > end) break;
      this.mono = Math.max(this.mono, next.at);
      this.tell(next.member.name, { type: "timePassed" });
    }
    this.mono = end;
  }

  write(name: string, ops: Readonly<Record<string, string | undefined>>, wish: Wish = { type: "local" }): void {
    const written = Object.entries(ops).map(([key, value]): WrittenOp =>
      value === undefined
        ? { type: "delete", key }
        : { type: "put", key, value: utf8Encode(value), ttlSeconds: undefined },
    );
    this.tell(name, { type: "writeRequested", ticket: 1, ops: written, wish });
  }

  cut(link: LinkId): void {
    const { ends } = this.#wires.get(link) as Wire;
    this.#wires.delete(link);
    for (const end of ends) this.tell(end.name, { type: "linkClosed", link, reason: "cut" });
  }

  summary(name: string): string {
    const { store, replica } = this.members.get(name) as Member;
    const { values, summary, admitted } = replica.snapshot(this.#now());
    const entries = [...store.disk.living.keys()].sort().map((key) => {
      const { content } = store.entry(store.living(key)!.id).op.op;
      return `${key}=${content.type === "value" ? Buffer.from(content.value).toString() : content.type}`;
    });
    return `${name} has ${entries.join(" ")} (${values} values, root ${Buffer.from(summary.root.subarray(0, 4)).toString("hex")}, ${admitted.length} links)`;
  }

  #now(): { readonly wall: Instant; readonly mono: number } {
    return { wall: (start + this.mono) as Instant, mono: this.mono };
  }

  #turn(member: Member, input: ReplicaInput): void {
    const checks: VerifyEffect[] = [];
    const { effects, wrote } = runTurn(
      member.replica,
      member.store,
      [input],
      () => this.#now(),
      (effect) => checks.push(effect),
    );
    for (const { ticket, checks: asked } of checks) {
      const valid = asked.map(({ author, message, signature }) =>
        ed25519Verify(ed25519PublicKey(author)!, message, signature),
      );
      this.#queue.push([member, { type: "verified", ticket, valid }]);
    }
    if (wrote) this.#line(member, "(durable)");
    for (const effect of effects) this.#carryOut(member, effect);
  }

  #carryOut(member: Member, effect: OutwardEffect): void {
    switch (effect.type) {
      case "answer":
        return this.#line(
          member,
          `answers ${this.#named(JSON.stringify({ ...effect.outcome, batch: undefined, stamp: undefined }))}`,
        );
      case "viewWanted":
        return this.#line(member, `is to say how it sees ${this.#named(effect.about)}`);
      case "penalise":
        return this.#line(member, `blames ${this.#named(effect.peer)}: ${effect.reason}`);
      case "note":
        if (!["batchesMerged", "linkAdmitted", "pullEnded", "conflict"].includes(effect.note.type)) return undefined;
        return this.#line(member, `notes ${this.#named(JSON.stringify(effect.note))}`);
      case "network":
        return this.#order(member, effect.order);
    }
  }

  #order(member: Member, order: Extract<OutwardEffect, { type: "network" }>["order"]): void {
    switch (order.type) {
      case "dial": {
        this.#line(member, `dials ${order.address}`);
        return this.#connect(member, this.members.get(order.address) as Member, order.attempt);
      }
      case "send":
        return this.#send(member, order.link, order.protocol, order.frame);
      case "closeLink":
        this.#line(member, `closes link ${order.link}: ${order.reason}`);
        return this.#close(order.link, order.reason);
      case "publish":
        this.#line(member, `publishes ${this.#gossipText(order.payload)}`);
        return this.#spread(member, order.payload);
      case "judge": {
        this.#line(member, `judges ${order.verdict}`);
        const payload = member.payloads.get(order.message);
        if (order.verdict === "accept" && payload !== undefined) this.#spread(member, payload);
        return undefined;
      }
      default:
        return this.#line(member, `${order.type} ${"link" in order ? order.link : order.number}`);
    }
  }

  #connect(dialer: Member, other: Member, attempt: number): void {
    const link = ++this.#links;
    this.#wires.set(link, { ends: [dialer, other] });
    const opened = { type: "linkOpened", link, address: "wire" } as const;
    this.#queue.push([dialer, { ...opened, peer: peerIdOf(other.signer.author), direction: "outbound", attempt }]);
    this.#queue.push([
      other,
      { ...opened, peer: peerIdOf(dialer.signer.author), direction: "inbound", attempt: undefined },
    ]);
  }

  #send(member: Member, link: LinkId, protocol: LinkProtocol, frame: Bytes): void {
    const wire = this.#wires.get(link);
    if (wire === undefined) return this.#line(member, `sends into the void on link ${link}`);
    const other = wire.ends[0] === member ? wire.ends[1] : wire.ends[0];
    this.#line(member, `-> ${other.name} ${this.#frameText(protocol, frame)}`);
    this.#queue.push([other, { type: "frameReceived", link, protocol, frame }]);
  }

  #close(link: LinkId, reason: string): void {
    const wire = this.#wires.get(link);
    this.#wires.delete(link);
    for (const end of wire?.ends ?? []) this.#queue.push([end, { type: "linkClosed", link, reason }]);
  }

  /** To every neighbour that has not had it yet. */
  #spread(from: Member, payload: Bytes): void {
    const id = Buffer.from(payload).toString("base64");
    from.heard.add(id);
    for (const { ends } of this.#wires.values()) {
      const other = ends[0] === from ? ends[1] : ends[0];
      if (!ends.includes(from) || other.heard.has(id) || this.deaf.has(other.name)) continue;
      other.heard.add(id);
      const message = ++other.messages;
      other.payloads.set(message, payload);
      this.#queue.push([other, { type: "gossipReceived", message, from: peerIdOf(from.signer.author), payload }]);
    }
  }

  #frameText(protocol: LinkProtocol, frame: Bytes): string {
    if (protocol === "admit") {
      const message = decodeAdmit(frame);
      return message.ok
        ? `${message.value.type}${message.value.type === "goodbye" ? ` ${message.value.code}` : ""}`
        : message.code;
    }
    if (protocol === "ack") {
      const ack = decodeAck(frame);
      return ack.ok ? `ack ${rangesText(ack.value.ranges)}` : ack.code;
    }
    const decoded = decodeFrontier(frame);
    if (!decoded.ok) return decoded.code;
    const message = decoded.value;
    switch (message.type) {
      case "pull":
      case "superseded":
        return `${message.type} ${message.session}: ${message.origins.map((origin) => this.#originText(origin)).join(", ") || "nothing"}`;
      case "parcels":
        return `parcels ${message.session}: ${message.parcels.map(({ header }) => `${this.#named(header.author)} ${header.sequence}`).join(", ")}`;
      case "done":
        return `done ${message.session}: ${message.status}, ${message.beacon.summary.count} entries`;
      case "more":
        return `more ${message.session}`;
      case "serving":
        return `serving ${message.session}: ${message.batches} batches`;
      case "fresh":
        return `fresh: ${this.#gossipText(message.payload)}`;
      case "summarise":
      case "summarised":
        return `${message.type} ${message.session}`;
    }
  }

  #gossipText(payload: Bytes): string {
    const decoded = decodeGossip(payload);
    if (!decoded.ok) return decoded.code;
    return decoded.value
      .map(
        ({ header, ops, signedHeader }) =>
          `${this.#named(header.author)} ${header.sequence} (${batchIdOf(signedHeader.subarray(0, 123)).slice(0, 8)}: ${ops.map(({ op }) => op.key).join(" ")})`,
      )
      .join(", ");
  }

  #originText({ author, ranges }: OriginRanges): string {
    return `${this.#named(author)} ${rangesText(ranges)}`;
  }

  #named(text: string): string {
    let named = text;
    for (const [id, name] of this.#titles) named = named.replaceAll(id, name);
    return named;
  }

  #line(member: Member, text: string): void {
    this.lines.push(`${String(this.mono).padStart(6)} ${member.name}: ${text}`);
  }
}

function rangesText(ranges: readonly Range[]): string {
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(" ");
}

function story(): Stage {
  const stage = new Stage();
  for (const name of ["ann", "bea", "cid"]) stage.add(name);
  const dial = (from: string, to: string): void => stage.tell(from, { type: "dialRequested", ticket: 1, address: to });
  stage.say("ann writes while she is alone");
  stage.write("ann", { greeting: "hello" });
  stage.say("ann dials bea: admission, then each asks the other for what it lacks");
  dial("ann", "bea");
  stage.say("cid dials bea only, so ann and cid hear of each other's writes through bea");
  dial("cid", "bea");
  stage.pass(1_000);
  stage.say("cid writes and wants two copies: bea acknowledges; ann has no link to cid, so one copy is missing");
  stage.write("cid", { note: "from cid" }, { type: "shared", copies: 2, timeoutMs: 500 });
  stage.pass(1_000);
  stage.say("ann and cid write one key without having seen each other's value; the wire to ann is cut first");
  stage.cut(1);
  stage.write("ann", { colour: "amber" });
  stage.pass(10);
  stage.write("cid", { colour: "cyan" });
  stage.say("ann comes back: both sides end with cid's value, which is the later one, and know of the conflict");
  stage.pass(30_000);
  stage.say("gossip to bea is lost; the next pull repairs it, and cid learns of it from bea");
  stage.deaf.add("bea");
  stage.write("ann", { lost: "and found" });
  stage.pass(20_000);
  stage.say("bea deletes, everybody forgets");
  stage.deaf.clear();
  stage.write("bea", { greeting: undefined });
  stage.pass(1_000);
  stage.say("cid shuts down and says so");
  stage.tell("cid", { type: "stopRequested", ticket: 1 });
  stage.say("the end");
  for (const name of ["ann", "bea", "cid"]) stage.lines.push(stage.summary(name));
  return stage;
}

test("three replicas act as the transcript says", () => {
  const transcript = `${story().lines.join("\n").trim()}\n`;
  if (process.env["UPDATE_TRANSCRIPTS"] === "1" || !existsSync(file)) writeFileSync(file, transcript);
  expect(transcript).toBe(readFileSync(file, "utf8"));
});

test("all three end with the same set", () => {
  const stage = story();
  const ends = ["ann", "bea", "cid"].map((name) =>
    stage
      .summary(name)
      .replace(/^\w+/, "")
      .replace(/, \d+ links/, ""),
  );
  expect(new Set(ends).size).toBe(1);
});
