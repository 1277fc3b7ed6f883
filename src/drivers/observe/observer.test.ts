/** Every kind of note becomes one log line, one count, and an event where the table says so. */
import { expect, test } from "vitest";
import type { Author, Instant, PeerId, Stamp } from "../../base/brand.ts";
import { parseLogLevels } from "../../config/log-levels.ts";
import type { Note } from "../../core/notes.ts";
import type { NodeEvent } from "../../ports/observer.ts";
import { createLogger } from "./logger.ts";
import { Metrics } from "./metrics.ts";
import { noteTable } from "./note-table.ts";
import { Observer } from "./observer.ts";

const peer = "12D3KooWtest" as PeerId;
const author = "ab".repeat(32) as Author;
const stamp = 1 as Stamp;
const link = 1;

/** One note of each kind; the type makes a missing kind a compile error. */
const samples: { readonly [Type in Note["type"]]: Extract<Note, { type: Type }> } = {
  linkAdmitted: { type: "linkAdmitted", link, peer, direction: "inbound", clockOffsetMs: 3, agent: "a/1" },
  goodbye: { type: "goodbye", link, peer, by: "us", code: "full", reason: "no place" },
  peerJudged: { type: "peerJudged", peer, class: "regular", score: 71 },
  reachFound: { type: "reachFound", verdict: "unreachable", peers: 2 },
  relayAsked: { type: "relayAsked", relay: peer, refused: "it is no relay" },
  lookupEnded: { type: "lookupEnded", peer, found: true, asked: 3, ms: 120 },
  addressesTold: { type: "addressesTold", peer, addresses: 3 },
  linkMismatch: { type: "linkMismatch", link, kind: "gone" },
  peerBanned: { type: "peerBanned", target: "10.0.0.0/8", source: "operator", reason: "loud", forMs: 60_000 },
  linkGone: {
    type: "linkGone",
    link,
    peer,
    address: "/ip4/192.0.2.1/tcp/1",
    direction: "inbound",
    by: "nobody",
    code: "closed",
    reason: "gone",
    lastedMs: 5,
  },
  dialFailed: {
    type: "dialFailed",
    address: "/ip4/192.0.2.1/tcp/1",
    failure: "refused",
    detail: "ECONNREFUSED",
    attempts: 1,
    nextInMs: 5_000,
  },
  dialPlanned: { type: "dialPlanned", peer, address: "/ip4/192.0.2.1/tcp/1", inMs: 250 },
  candidateFound: { type: "candidateFound", address: "/ip4/192.0.2.1/tcp/1", peer, source: "mdns" },
  candidateRefused: { type: "candidateRefused", reason: "tableFull", address: "/ip4/192.0.2.1/tcp/1" },
  frameMalformed: { type: "frameMalformed", peer, protocol: "ack", code: "malformed" },
  peerMisbehaved: { type: "peerMisbehaved", peer, reason: "a flood of streams" },
  frameRefused: { type: "frameRefused", peer, protocol: "admit", lengthBytes: 9_999, lengthBytesMax: 4_096 },
  parcelRefused: { type: "parcelRefused", author, from: peer, reason: "badSignature" },
  batchesMerged: { type: "batchesMerged", via: "gossip", batches: 2, entries: 3, delayMs: 4 },
  batchesForwarded: { type: "batchesForwarded", batches: 2 },
  batchHeldBack: { type: "batchHeldBack", author, aheadMs: 5, heldBack: 1 },
  heldBackDropped: { type: "heldBackDropped", author, reason: "authorLimit" },
  heldBackReleased: { type: "heldBackReleased", author },
  entriesBelowFloor: { type: "entriesBelowFloor", author, entries: 1 },
  collected: { type: "collected", entries: 3, floor: stamp },
  setAside: { type: "setAside", peer, entries: 3 },
  heldApart: { type: "heldApart", peer, entries: 3 },
  conflict: { type: "conflict", key: "k", winner: author, loser: author, stamp },
  equivocation: { type: "equivocation", author, sequence: 7 },
  outboxSent: { type: "outboxSent", peer, messages: 3, bytes: 700 },
  outboxDropped: { type: "outboxDropped", peer, priority: "bulk", reason: "expired", messages: 2 },
  partingExplained: { type: "partingExplained", peer, reason: "no answer to pings", agoMs: 900 },
  pullStarted: { type: "pullStarted", peer },
  pullEnded: { type: "pullEnded", peer, how: "complete", parcels: 1, durationMs: 2, equal: true },
  walkStarted: { type: "walkStarted", peer },
  walkEnded: { type: "walkEnded", peer, how: "complete", nodes: 9, parcels: 1, entries: 1, durationMs: 2, equal: true },
  walkServed: { type: "walkServed", peer, parcels: 1 },
  serveStarted: { type: "serveStarted", peer, parcels: 1 },
  serveEnded: { type: "serveEnded", peer, parcels: 1 },
  clockDoubted: { type: "clockDoubted", offsetMs: 60_000, peers: 3 },
  clockTrusted: { type: "clockTrusted", offsetMs: 0 },
  clockRepaired: { type: "clockRepaired", reissued: 1 },
  partitionBegan: { type: "partitionBegan", partition: 1, since: 5 as Instant, peer, linked: 1 },
  partitionEnded: {
    type: "partitionEnded",
    partition: 1,
    durationMs: 9,
    returned: 1,
    missing: 0,
    ownWrites: 1,
    receivedWrites: 2,
    arrivedWrites: 3,
    conflicts: 0,
  },
  suspected: { type: "suspected", peer, link, asked: 3, silentMs: 700 },
  unreachableDirectly: { type: "unreachableDirectly", peer, link, by: peer, silentMs: 700 },
  suspicionEnded: { type: "suspicionEnded", peer, link, kind: "suspected", how: "heard", lastedMs: 900 },
  selfDoubted: { type: "selfDoubted", links: 3, silentMs: 900 },
  selfTrusted: { type: "selfTrusted", doubtedMs: 900 },
  resumed: { type: "resumed", sleptMs: 60_000 },
  addressesChanged: { type: "addressesChanged", added: ["192.0.2.7"], removed: [] },
  diskRoomChanged: { type: "diskRoomChanged", state: "refusing", usedBytes: 9, freeBytes: 1, because: "it is full" },
  overloaded: { type: "overloaded", what: "verification" },
};

function createObserver(
  levels: string,
  format: "text" | "json",
): { observer: Observer; lines: string[]; metrics: Metrics } {
  const parsed = parseLogLevels(levels);
  if (!parsed.ok) throw new Error("the levels of this test are valid");
  const lines: string[] = [];
  const metrics = new Metrics();
  return {
    observer: new Observer(
      createLogger(parsed.value, format, (line) => lines.push(line)),
      metrics,
    ),
    lines,
    metrics,
  };
}

test.each(Object.values(samples))(
  "$type is logged with its words, counted by its kind, and told if the table says so",
  async (note) => {
    const { observer, lines, metrics } = createObserver("trace", "json");
    const events: NodeEvent[] = [];
    observer.onEvent((event) => events.push(event));
    observer.note(note, 1_000 as Instant);
    const { type, ...fields } = note;
    const row = noteTable[type];
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({ module: row.module, msg: row.message, ...fields }),
    ]);
    expect(await metrics.text()).toContain(`p2p_sync_notes_total{kind="${type}"} 1`);
    expect(events).toEqual(row.event ? [{ type, at: 1_000, detail: fields }] : []);
  },
);

test("a module's level hides what is below it, and only there", () => {
  const { observer, lines } = createObserver("warn,net=debug", "text");
  observer.note(samples.dialPlanned, 1 as Instant);
  observer.note(samples.linkAdmitted, 1 as Instant);
  observer.note(samples.frameMalformed, 1 as Instant);
  expect(lines.map((line) => line.split(" ").slice(1, 3).filter(Boolean))).toEqual([["DEBUG", "net"], ["WARN"]]);
});

test("a line of text quotes what has spaces and ends with a line feed", () => {
  const { observer, lines } = createObserver("info", "text");
  observer.note(samples.goodbye, 1 as Instant);
  expect(lines[0]).toMatch(
    /^\d{4}-\d\d-\d\dT[\d:.]+Z INFO {2}peers goodbye link=1 peer=12D3KooWtest by=us code=full reason="no place"\n$/,
  );
});

test("a listener that left hears nothing more", () => {
  const { observer } = createObserver("silent", "text");
  const heard: string[] = [];
  const leave = observer.onEvent(({ type }) => heard.push(type));
  observer.note(samples.linkGone, 1 as Instant);
  leave();
  observer.note(samples.linkGone, 1 as Instant);
  expect(heard).toEqual(["linkGone"]);
});
