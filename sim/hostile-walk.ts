/** What a hostile peer does with walks: as the one that is asked, and as the one that asks. */
import type { Instant } from "../src/base/brand.ts";
import type { Bytes } from "../src/base/bytes.ts";
import type { Prng } from "../src/base/prng.ts";
import { walkEntriesMax } from "../src/codec/limits.ts";
import {
  type WalkMessage,
  type WalkNode,
  decodeWalk,
  encodeWalk,
  walkHashBytes,
  walkPathDigitsMax,
  walkPositionBytes,
} from "../src/codec/walk.ts";

/** How a walk is answered. */
const manners = [
  "equal",
  "silent",
  "ended",
  "differs",
  "hides",
  "otherPath",
  "otherRequest",
  "openedTwice",
  "foreignEntries",
  "unasked",
  "old",
  "prefixes",
] as const;
type Manner = (typeof manners)[number];

export const walkMischief = [
  "opens",
  "asks",
  "moreWithoutEnd",
  "neverMore",
  "prefixWithoutEnd",
  "unknownSession",
  "claimsMore",
] as const;

/** Names of all that may happen here, as it is counted. */
export const walkKinds: readonly string[] = [...manners, ...walkMischief].map((kind) => `walk:${kind}`);

/** Sessions opened, requests asked and frames allowed at once: more than anybody serves. */
const tooMany = 40;
/** Share of requests that are answered by ending the walk. */
const endedShare = 0.05;
const hexDigits: readonly string[] = Array.from("0123456789abcdef");

export interface WalkVoice {
  readonly prng: Prng;
  send(link: number, frame: Bytes): void;
  count(kind: string): void;
  now(): Instant;
  /** Batches that were heard long ago, and others. */
  parcels(): readonly Bytes[];
  keep(message: Extract<WalkMessage, { type: "parcels" }>): void;
}

export class HostileWalk {
  readonly #voice: WalkVoice;
  /** How each walk is answered, by link and session. */
  readonly #manners = new Map<string, Manner>();

  constructor(voice: WalkVoice) {
    this.#voice = voice;
  }

  hear(link: number, frame: Bytes): void {
    const decoded = decodeWalk(frame);
    if (!decoded.ok) return;
    const message = decoded.value;
    if (message.type === "open") this.#opened(link, message);
    if (message.type === "ask") this.#asked(link, message);
    if (message.type === "parcels") this.#voice.keep(message);
  }

  #opened(link: number, { session, beacon }: Extract<WalkMessage, { type: "open" }>): void {
    const { prng, count } = this.#voice;
    const manner = prng.pick(manners);
    this.#manners.set(`${link}/${session}`, manner);
    count(`walk:${manner}`);
    if (manner === "silent") return;
    if (manner === "ended") return this.#send(link, { type: "ended", session, status: prng.pick(["busy", "unknown"]) });
    const summary = manner === "equal" ? beacon.summary : { count: 1 + prng.below(10_000), root: prng.bytes(32) };
    const opened = {
      type: "opened",
      session,
      beacon: { clock: this.#voice.now(), summary, stale: false, full: false, heldBack: 0 },
    } as const;
    this.#send(link, opened);
    if (manner === "openedTwice") this.#send(link, opened);
    if (manner === "unasked") for (let frame = 0; frame < tooMany; frame++) this.#sendParcels(link, session);
  }

  #asked(link: number, { session, request, nodes }: Extract<WalkMessage, { type: "ask" }>): void {
    const { prng } = this.#voice;
    const manner = this.#manners.get(`${link}/${session}`);
    if (manner === undefined || manner === "silent" || manner === "ended") return;
    if (prng.chance(endedShare)) return this.#send(link, { type: "ended", session, status: "busy" });
    if (manner === "old") this.#sendParcels(link, session);
    const answered = manner === "otherRequest" ? request + 1_000 : request;
    this.#send(link, { type: "answer", session, request: answered, nodes: this.#answer(manner, nodes) });
  }

  #answer(manner: Manner, asked: readonly WalkNode[]): readonly WalkNode[] {
    const paths = asked.flatMap((node) => (node.type === "prefix" ? [] : [node.path]));
    switch (manner) {
      case "differs":
        return paths.slice(0, 12).flatMap((path) => hexDigits.map((digit) => this.#children(path + digit)));
      case "otherPath":
        return [this.#children(this.#digits(1 + this.#voice.prng.below(8)))];
      case "foreignEntries":
        return paths.slice(0, 8).map((path) => this.#entries(path));
      case "prefixes":
        return [{ type: "prefix", prefix: "k", after: `k${this.#voice.prng.below(100)}`, more: true }];
      default:
        return [];
    }
  }

  /** One thing an asker should not do. */
  mischief(link: number): void {
    const { prng, count } = this.#voice;
    const kind = prng.pick(walkMischief);
    count(`walk:${kind}`);
    const session = prng.u32();
    if (kind === "unknownSession") {
      this.#send(link, { type: "close", session, more: true });
      return this.#send(link, { type: "ask", session, request: 1, nodes: [this.#children("")] });
    }
    const openings = kind === "opens" ? tooMany : 1;
    for (let i = 0; i < openings; i++) this.#open(link, (session + i) >>> 0);
    if (kind === "claimsMore") return this.#send(link, { type: "close", session, more: true }); // and is asked in turn
    if (kind === "moreWithoutEnd") for (let i = 0; i < 5 * tooMany; i++) this.#send(link, { type: "more", session });
    const nodes = this.#wanting(kind);
    if (nodes.length === 0) return undefined;
    for (let request = 1; request <= tooMany; request++) this.#send(link, { type: "ask", session, request, nodes });
    return undefined;
  }

  #wanting(kind: (typeof walkMischief)[number]): readonly WalkNode[] {
    if (kind === "asks") return [this.#children(this.#digits(this.#voice.prng.below(4)))];
    if (kind === "neverMore") return hexDigits.map((path) => ({ type: "entries", path, entries: [] }));
    const all = { type: "prefix", prefix: "", after: "", more: false } as const;
    return kind === "prefixWithoutEnd" ? Array.from({ length: 8 }, () => all) : [];
  }

  #open(link: number, session: number): void {
    const summary = { count: this.#voice.prng.below(100), root: this.#voice.prng.bytes(32) };
    this.#send(link, {
      type: "open",
      session,
      beacon: { clock: this.#voice.now(), summary, stale: false, full: false, heldBack: 0 },
    });
  }

  #children(path: string): WalkNode {
    const { prng } = this.#voice;
    const cut = path.slice(0, walkPathDigitsMax);
    return { type: "children", path: cut, hashes: Array.from({ length: 16 }, () => prng.bytes(walkHashBytes)) };
  }

  #entries(path: string): WalkNode {
    const { prng } = this.#voice;
    const count = prng.below(walkEntriesMax);
    const positions = Array.from({ length: count }, (_, i) => {
      const position = prng.bytes(walkPositionBytes);
      position[0] = i * 4;
      return position;
    });
    return {
      type: "entries",
      path,
      entries: positions.map((position) => ({ position, digest: prng.bytes(walkHashBytes) })),
    };
  }

  #digits(count: number): string {
    return Array.from({ length: count }, () => this.#voice.prng.pick(hexDigits)).join("");
  }

  #sendParcels(link: number, session: number): void {
    const parcels = this.#voice.parcels();
    if (parcels.length > 0) this.#voice.send(link, encodeWalk({ type: "parcels", session, parcels }));
  }

  #send(link: number, message: Parameters<typeof encodeWalk>[0]): void {
    this.#voice.send(link, encodeWalk(message));
  }
}
