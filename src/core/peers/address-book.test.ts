import { beforeEach, describe, expect, test } from "vitest";
import type { Instant, PeerId } from "../../base/brand.ts";
import { parseIpRange } from "../../base/ip-range.ts";
import { Prng } from "../../base/prng.ts";
import { ed25519Signer } from "../../crypto/ed25519.ts";
import { keyedNumber } from "../../crypto/keyed-number.ts";
import type { KnownAddress } from "../../ports/known-address.ts";
import type { Effect } from "../effects.ts";
import {
  anchorsMax,
  bucketPlaces,
  bucketsPerNetwork,
  bucketsPerTeller,
  goneFailures,
  rewriteMsMin,
  worthlessFailures,
} from "./limits.ts";
import { AddressBook, bareAddress } from "./address-book.ts";

const place = keyedNumber(ed25519Signer(new Uint8Array(32).fill(3)));
const exempt = [parseIpRange("127.0.0.0/8")!];
const self = "12D3KooWself" as PeerId;
const at = (ms: number): Instant => ms as Instant;
const teller = "/ip4/9.9.9.9/tcp/4001";
const peerAt = (address: string): PeerId => `12D3KooW${address.replaceAll("/", "-")}` as PeerId;
const yes = (): boolean => true;
const named = (address: string): string => `${address}/p2p/${peerAt(address)}`;
const linkAt = (address: string): { peer: PeerId; dialedAt: string } => ({ peer: peerAt(address), dialedAt: address });
let out: Effect[];
let book: AddressBook;

function opened(known: readonly KnownAddress[] = [], seed = 1): AddressBook {
  return new AddressBook({ self, place, prng: new Prng(seed), exempt: () => exempt }, known);
}

/** What a disk would have after all that was persisted. */
function disk(): readonly KnownAddress[] {
  const rows = new Map<string, KnownAddress>();
  for (const effect of out) {
    if (effect.type !== "persist") continue;
    if (effect.write.type === "setAddress") rows.set(effect.write.known.address, effect.write.known);
    if (effect.write.type === "dropAddress") rows.delete(effect.write.address);
  }
  return [...rows.values()];
}

const tell = (address: string, by: string | undefined = teller): boolean =>
  book.told(peerAt(address), address, by, at(1), out);
const link = (address: string, now = 2): void => book.linked(peerAt(address), address, at(now), out);

beforeEach(() => {
  out = [];
  book = opened();
});

describe("an address", () => {
  test("that was told of is new, and tried once a link stood there; the disk has both", () => {
    expect(tell("/ip4/1.2.3.4/tcp/1")).toBe(true);
    expect(book.size).toEqual({ fresh: 1, tried: 0 });
    link("/ip4/1.2.3.4/tcp/1");
    expect(book.size).toEqual({ fresh: 0, tried: 1 });
    expect(opened(disk()).list()).toEqual(book.list());
    expect(book.list()).toMatchObject([{ table: "tried", addedAt: 1, linkedAt: 2, toldBy: "9.9.0.0/16" }]);
  });

  test("that is known, and our own, are not taken again", () => {
    tell("/ip4/1.2.3.4/tcp/1");
    expect(tell("/ip4/1.2.3.4/tcp/1")).toBe(false);
    expect(book.told(self, "/ip4/5.5.5.5/tcp/1", teller, at(1), out)).toBe(false);
    book.linked(self, "/ip4/5.5.5.5/tcp/1", at(1), out);
    expect(book.list()).toHaveLength(1);
  });

  test("linked again and again is written once an hour", () => {
    link("/ip4/1.2.3.4/tcp/1", 1_000);
    link("/ip4/1.2.3.4/tcp/1", 2_000);
    expect(out).toHaveLength(1);
    link("/ip4/1.2.3.4/tcp/1", 1_000 + rewriteMsMin);
    expect(book.list()).toMatchObject([{ linkedAt: 1_000 + rewriteMsMin }]);
    expect(opened(disk()).list()).toEqual(book.list());
  });

  test("is forgotten by itself or with its peer", () => {
    tell("/ip4/1.2.3.4/tcp/1");
    tell("/ip4/2.2.3.4/tcp/1");
    expect([book.forget("/ip4/1.2.3.4/tcp/1", out), book.forget(peerAt("/ip4/2.2.3.4/tcp/1"), out)]).toEqual([1, 1]);
    expect([book.forget("/ip4/1.2.3.4/tcp/1", out), disk()]).toEqual([0, []]);
  });
});

describe("places", () => {
  test("of one teller are an eighth of the new ones, whatever it tells", () => {
    for (let i = 0; i < 5_000; i++)
      tell(`/ip4/${i % 200}.${Math.floor(i / 200)}.3.4/tcp/1`, `/ip4/9.9.${i % 250}.1/tcp/1`);
    expect(book.size.fresh).toBeLessThanOrEqual(bucketsPerTeller * bucketPlaces);
    expect(book.size.fresh).toBeGreaterThan((bucketsPerTeller * bucketPlaces) / 2);
  });

  test("of one network are a quarter of the tried ones, and all of an exempt one", () => {
    for (let i = 0; i < 3_000; i++) link(`/ip4/7.7.${i % 250}.${Math.floor(i / 250)}/tcp/1`);
    const ofNetwork = book.size.tried;
    expect(ofNetwork).toBeLessThanOrEqual(bucketsPerNetwork * bucketPlaces);
    book = opened();
    for (let i = 0; i < 3_000; i++) link(`/ip4/127.0.0.1/tcp/${i + 1}`);
    expect(book.size.tried).toBeGreaterThan(2 * ofNetwork);
  });

  test("that are taken go to another only if what is there failed several times in a row", () => {
    const all = Array.from({ length: 2_000 }, (_, i) => `/ip4/${i % 200}.${Math.floor(i / 200)}.3.4/tcp/1`);
    for (const address of all) tell(address);
    const held = book.list().map(({ address }) => address);
    const refused = all.filter((address) => !held.includes(named(address)));
    for (const address of refused) expect(tell(address)).toBe(false);
    for (const address of held) for (let i = 1; i < worthlessFailures; i++) book.failed(undefined, address);
    for (const address of refused) expect(tell(address)).toBe(false);
    for (const address of held) book.failed(undefined, address);
    expect(refused.filter((address) => tell(address)).length).toBeGreaterThan(held.length / 2);
  });

  test("of tried addresses stay theirs until they failed for long; the newcomer stays new", () => {
    const all = Array.from({ length: 3_000 }, (_, i) => `/ip4/${i % 200}.${Math.floor(i / 200)}.3.4/tcp/1`);
    for (const address of all) link(address);
    const tried = book.list().filter(({ table }) => table === "tried");
    const fresh = bareAddress(book.list().find(({ table }) => table === "new")!.address);
    for (const { address } of tried) for (let i = 0; i < goneFailures; i++) book.failed(undefined, address);
    link(fresh);
    expect(book.list().find(({ address }) => address === named(fresh))).toMatchObject({ table: "tried" });
    expect(book.size.tried).toBe(tried.length);
  });

  test("are the same after a start, and known to nobody without the key", () => {
    for (let i = 0; i < 400; i++)
      tell(`/ip4/${i % 200}.${Math.floor(i / 200)}.3.4/tcp/1`, `/ip4/${i % 99}.1.1.1/tcp/1`);
    expect(opened(disk()).list()).toHaveLength(book.list().length);
    const other = keyedNumber(ed25519Signer(new Uint8Array(32).fill(4)));
    expect(place("a", "b")).not.toBe(other("a", "b"));
    expect(place("a", "b")).not.toBe(place("ab"));
  });
});

describe("a pick", () => {
  test("takes new and tried addresses alike, though a hundred times as many are new", () => {
    for (let i = 0; i < 2_000; i++)
      tell(`/ip4/${i % 200}.${Math.floor(i / 200)}.3.4/tcp/1`, `/ip4/${i % 99}.1.1.1/tcp/1`);
    for (let i = 0; i < 4; i++) link(`/ip4/200.${i}.3.4/tcp/1`);
    let tried = 0;
    for (let i = 0; i < 1_000; i++) if (book.pick(yes, 0)?.table === "tried") tried += 1;
    expect(tried).toBeGreaterThan(400);
    expect(tried).toBeLessThan(600);
  });

  test("takes what is wanted only, and nothing from an empty book", () => {
    expect(book.pick(yes, 0)).toBeUndefined();
    for (let i = 0; i < 50; i++) tell(`/ip4/${i}.1.3.4/tcp/1`);
    const wanted = book.list()[7]!.address;
    expect(book.pick((_, address) => address === wanted, 0)?.address).toBe(wanted);
    expect(book.pick(() => false, 0)).toBeUndefined();
    expect(book.pick(yes, 0, "new")?.table).toBe("new");
  });

  test("rarely takes what failed or was just dialed, but rather that than nothing", () => {
    for (let i = 0; i < 20; i++) tell(`/ip4/${i}.1.3.4/tcp/1`, `/ip4/${i}.2.2.2/tcp/1`);
    const [good, ...bad] = book.list().map(({ address }) => address) as [string, ...string[]];
    for (const address of bad) {
      for (let i = 0; i < 8; i++) book.failed(undefined, address);
      book.dialed(undefined, address, 0);
    }
    let goods = 0;
    for (let i = 0; i < 200; i++) if (book.pick(yes, 1)?.address === good) goods += 1;
    expect(goods).toBeGreaterThan(150);
    expect(book.pick((_, address) => address !== good, 1)).toBeDefined();
  });
});

describe("what others are told", () => {
  test("are different addresses that did not fail", () => {
    for (let i = 0; i < 60; i++) tell(`/ip4/${i}.1.3.4/tcp/1`, `/ip4/${i}.2.2.2/tcp/1`);
    const [failed] = book.list();
    book.failed(undefined, failed!.address);
    const told = book.sample(100).map(({ address }) => address);
    expect([new Set(told).size, told.includes(failed!.address)]).toEqual([book.list().length - 1, false]);
    expect(book.sample(3)).toHaveLength(3);
  });
});

describe("anchors", () => {
  const links = [
    "/ip4/1.1.1.1/tcp/1",
    "/ip4/2.1.1.1/tcp/1",
    "/ip4/3.1.1.1/tcp/1",
    "/ip4/4.1.1.1/tcp/1",
    "/ip4/5.1.1.1/tcp/1",
  ];

  test("are the first of our links, kept over a start, and those we had where there are none", () => {
    for (const address of links) link(address);
    book.setAnchors(links.map(linkAt), out);
    book.setAnchors([], out);
    const again = opened(disk());
    expect(
      again
        .anchors()
        .map(({ address }) => address)
        .toSorted(),
    ).toEqual(links.slice(0, anchorsMax).map(named));
    const writes = out.length;
    book.setAnchors(links.map(linkAt), out);
    expect(out).toHaveLength(writes);
    book.setAnchors([linkAt(links[4]!)], out);
    expect(book.anchors()).toMatchObject([{ address: named(links[4]!) }]);
  });

  test("keep their place, however often they failed", () => {
    link(links[0]!);
    book.setAnchors([linkAt(links[0]!)], out);
    for (let i = 0; i < 99; i++) book.failed(undefined, named(links[0]!));
    for (let i = 0; i < 3_000; i++)
      tell(`/ip4/${i % 200}.${Math.floor(i / 200)}.3.4/tcp/1`, `/ip4/${i % 99}.1.1.1/tcp/1`);
    const heldBefore = book.list().map(({ address }) => address);
    for (let i = 0; i < 3_000; i++) link(`/ip4/${i % 200}.${Math.floor(i / 200)}.3.4/tcp/1`);
    expect(book.anchors()).toHaveLength(1);
    const held = new Set(book.list().map(({ address }) => address)); // who found the place of an anchor taken stays new
    expect(heldBefore.filter((address) => !held.has(address) && disk().some((row) => row.address === address))).toEqual(
      [],
    );
  });
});
