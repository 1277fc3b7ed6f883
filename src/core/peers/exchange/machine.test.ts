import { beforeEach, describe, expect, test } from "vitest";
import type { Author, Instant, PeerId, Time } from "../../../base/brand.ts";
import { parseIpRange } from "../../../base/ip-range.ts";
import { Prng } from "../../../base/prng.ts";
import { knownPeersMax } from "../../../codec/limits.ts";
import { peerIdOf } from "../../../codec/peer-id.ts";
import { ed25519Signer } from "../../../crypto/ed25519.ts";
import { keyedNumber } from "../../../crypto/keyed-number.ts";
import type { LinkId } from "../../../ports/network.ts";
import type { Effect } from "../../effects.ts";
import { AddressBook } from "../address-book.ts";
import {
  askPeersEveryMs,
  askPeersJitter,
  askPeersSoonMs,
  askPeersWantingMs,
  sampleKeptMs,
  ownAddressesToldMax,
  tellPeersEveryMsMin,
} from "./limits.ts";
import { Exchange } from "./machine.ts";

const [self, bob, carol] = ["self", "bob", "carol"] as [PeerId, PeerId, PeerId];
const local = ["10.0.0.0/8", "192.168.0.0/16", "fc00::/7", "fe80::/10"].flatMap((range) => parseIpRange(range) ?? []);
const [publicly, privately, here] = ["/ip4/8.8.4.4/tcp/9", "/ip4/10.0.0.7/tcp/9", "/ip4/127.0.0.1/tcp/9"] as const;
const at = (mono: number): Time => ({ wall: mono as Instant, mono });
let wants = false;
let book: AddressBook;
let exchange: Exchange;
let out: Effect[];

function make(enabled: boolean): Exchange {
  const place = keyedNumber(ed25519Signer(new Uint8Array(32).fill(9)));
  out = [];
  wants = false;
  book = new AddressBook({ self, place, prng: new Prng(2), exempt: () => local }, []);
  return new Exchange({ self, enabled, prng: new Prng(3), book, wantsAddresses: () => wants, local: () => local });
}

/** The numbers of the questions due, by link. */
const asked = (mono: number): readonly (readonly [LinkId, number])[] =>
  exchange.due(at(mono)).map(({ link, message }) => [link, (message as { number: number }).number]);
/** What the peer at the other end is told, in the order of the answer. */
function told(link: LinkId, mono = 0): readonly string[] | undefined {
  const answer = exchange.answer(link, 77, at(mono));
  if (answer === undefined) return undefined;
  expect(answer).toMatchObject({ type: "knownPeers", number: 77 });
  return answer.type === "knownPeers" ? answer.peers.map(({ peer, address }) => `${peer} ${address}`) : [];
}
/** The number of the one question that is due. */
function askedNow(mono: number): number {
  const numbers = asked(mono).map(([, number]) => number);
  expect(numbers.length).toBeLessThanOrEqual(1);
  return numbers[0] ?? -1;
}
/** How many of these addresses are taken from an admitted peer that is there. */
function taken(from: string, addresses: readonly string[], mono = 0): number {
  exchange.admitted(1, bob, from, at(mono));
  const number = askedNow(mono);
  return exchange.told(
    1,
    number,
    addresses.map((address) => ({ peer: carol, address })),
    at(mono),
    out,
  );
}

beforeEach(() => {
  exchange = make(true);
});

describe("a question", () => {
  test("is asked after 5, 15 and 45 s and then about every minute while links are wanted", () => {
    wants = true;
    exchange.admitted(1, bob, publicly, at(0));
    let mono = 0;
    const waits = [5_000, 15_000, 45_000, askPeersWantingMs, askPeersWantingMs].map((usual) => {
      asked(mono);
      const waited = (exchange.nextDeadline() as number) - mono;
      mono += waited;
      return Math.abs(waited - usual) <= askPeersJitter * usual;
    });
    expect(waits).toEqual([true, true, true, true, true]);
    expect(tellPeersEveryMsMin).toBeLessThan(askPeersSoonMs * (1 - askPeersJitter));
  });

  test("is asked at admission and about every 10 min after that, on each link by itself, and no more once it is gone", () => {
    expect(exchange.nextDeadline()).toBeUndefined();
    exchange.admitted(1, bob, publicly, at(50));
    expect(exchange.nextDeadline()).toBe(50);
    expect(asked(50)).toEqual([[1, 1]]);
    let mono = 50;
    for (let i = 0; i < 20; i++) {
      const next = exchange.nextDeadline() as number;
      expect(next - mono).toBeGreaterThanOrEqual(askPeersEveryMs * (1 - askPeersJitter));
      expect(next - mono).toBeLessThanOrEqual(askPeersEveryMs * (1 + askPeersJitter));
      expect(asked(next - 1)).toEqual([]);
      expect(asked(next)).toHaveLength(1);
      mono = next;
    }
    exchange.admitted(2, carol, publicly, at(mono));
    expect(asked(mono)).toEqual([[2, 22]]);
    exchange.linkLost(1);
    exchange.linkLost(2);
    expect([exchange.nextDeadline(), asked(mono * 2)]).toEqual([undefined, []]);
  });

  test("has one answer, to its own number, and only while it is the last", () => {
    exchange.admitted(1, bob, publicly, at(0));
    const answer = (number: number, octet: number): number =>
      exchange.told(1, number, [{ peer: carol, address: `/ip4/${octet}.1.1.1/tcp/1` }], at(0), out);
    expect(answer(1, 1)).toBe(0); // nothing was asked yet
    asked(0);
    expect([answer(2, 2), answer(0, 2), exchange.told(9, 1, [], at(0), out)]).toEqual([0, 0, 0]);
    expect([answer(1, 3), answer(1, 4)]).toEqual([1, 0]);
    asked(exchange.nextDeadline() as number);
    asked(exchange.nextDeadline() as number);
    expect([answer(2, 5), answer(3, 6)]).toEqual([0, 1]);
    expect(book.list().map(({ address }) => address)).toEqual([
      "/ip4/3.1.1.1/tcp/1/p2p/carol",
      "/ip4/6.1.1.1/tcp/1/p2p/carol",
    ]);
  });

  test("may be answered in vain: what is known already, and we ourselves, are no news", () => {
    expect(taken(publicly, [publicly, publicly])).toBe(1);
    exchange.linkLost(1);
    expect(taken(publicly, [publicly])).toBe(0);
    exchange.admitted(2, bob, publicly, at(0));
    const number = askedNow(0);
    expect(exchange.told(2, number, [{ peer: self, address: "/ip4/9.9.9.9/tcp/1" }], at(0), out)).toBe(0);
  });
});

describe("an answer", () => {
  test("is given at most every 3 s on a link, and again after that", () => {
    for (const link of [1, 2]) exchange.admitted(link, bob, publicly, at(0));
    expect([told(1, 0), told(1, tellPeersEveryMsMin - 1), told(2, 1)]).toEqual([[], undefined, []]);
    expect(told(1, tellPeersEveryMsMin)).toEqual([]);
    expect(told(9)).toBeUndefined();
  });

  test("has our own addresses first, ten at most, then those of others; none of the asker itself", () => {
    exchange.listening(Array.from({ length: 14 }, (_, i) => `/ip4/8.8.8.${i + 1}/tcp/1/p2p/self`));
    for (let i = 1; i < 60; i++)
      book.told(`peer${i}` as PeerId, `/ip4/${i}.1.1.1/tcp/1`, `/ip4/${i}.2.2.2/tcp/1`, at(0).wall, out);
    book.told(bob, "/ip4/99.1.1.1/tcp/1", undefined, at(0).wall, out);
    exchange.admitted(1, bob, publicly, at(0));
    const answer = told(1) as readonly string[];
    const own = answer.filter((line) => line.startsWith("self "));
    expect(own).toHaveLength(ownAddressesToldMax);
    expect(answer.slice(0, ownAddressesToldMax)).toEqual(own);
    expect(own[0]).toBe("self /ip4/8.8.8.1/tcp/1");
    expect(answer.length).toBeGreaterThan(20);
    expect(answer.length).toBeLessThanOrEqual(knownPeersMax);
    expect(answer.filter((line) => line.startsWith("bob") || line.includes("/p2p/"))).toEqual([]);
  });

  test.each([
    ["on this machine is told all", here, [here, privately, publicly]],
    ["in the local network nothing of this machine", "/ip4/192.168.1.1/tcp/9", [privately, publicly]],
    ["elsewhere only what is public", "/ip6/2a00::1/tcp/9", [publicly]],
    ["of which nobody knows where it is only what is public", "", [publicly]],
  ])("a peer %s", (_, asker, reach) => {
    exchange.listening([here, privately, publicly]);
    for (const [i, address] of [here, privately, publicly].entries())
      book.told(carol, address.replace("tcp/9", `tcp/${i + 1}`), undefined, at(0).wall, out);
    exchange.admitted(1, bob, asker, at(0));
    const own = reach.map((address) => `self ${address}`);
    const others = [here, privately, publicly].flatMap((address, i) =>
      (reach as readonly string[]).includes(address) ? [`carol ${address.replace("tcp/9", `tcp/${i + 1}`)}`] : [],
    );
    const answer = told(1) as readonly string[];
    expect([answer.slice(0, own.length), answer.slice(own.length).toSorted()]).toEqual([own, others.toSorted()]);
  });

  test("names no place that cannot be dialed, nor a name that an operator gave", () => {
    exchange.listening(["/ip4/0.0.0.0/tcp/1", "/ip6/::/tcp/1", "/ip4/8.8.8.8/udp/1", "/ip4/8.8.8.8/tcp/0"]);
    book.linked(carol, "/dns4/nas.home/tcp/4001", at(0).wall, out);
    exchange.admitted(1, bob, publicly, at(0));
    expect(told(1)).toEqual([]);
  });
});

describe("a sample of the book", () => {
  const fill = (count: number): void => {
    for (let i = 0; i < count; i++) {
      const address = `/ip4/${1 + (i % 200)}.${i >> 4}.1.1/tcp/1`;
      book.told(`p${i}` as PeerId, address, `/ip4/${1 + (i % 99)}.9.9.9/tcp/1`, at(0).wall, out);
    }
  };
  const answers = (mono: number): readonly string[] => {
    exchange.admitted(1, bob, publicly, at(mono));
    return told(1, mono) ?? [];
  };

  test("that is small tells what came just now", () => {
    fill(1);
    expect(answers(0)).toHaveLength(1);
    fill(5);
    expect(answers(1)).toHaveLength(5);
  });

  test("of a large one is the same for all who ask within a minute", () => {
    fill(500);
    const first = answers(0);
    expect(answers(sampleKeptMs - 1)).toEqual(first);
    expect(answers(sampleKeptMs)).not.toEqual(first);
  });
});

describe("an address that was heard", () => {
  test.each([
    ["from this machine counts wherever it lies", here, 3],
    ["from the local network counts but for this machine", "/ip4/192.168.1.1/tcp/9", 2],
    ["from elsewhere counts if it is public", "/ip4/9.9.9.9/tcp/9", 1],
  ])("%s", (_, teller, count) => {
    expect(taken(teller, [here, privately, publicly])).toBe(count);
    exchange = make(true);
    expect(taken(teller, ["/ip6/::1/tcp/9", "/ip6/fd00::1/tcp/9", "/ip6/2a00::1/tcp/9"])).toBe(count);
  });

  test.each([
    "/ip4/8.8.8.8/tcp/0",
    "/ip4/8.8.8.8/tcp/65536",
    "/ip4/8.8.8.8/tcp/01",
    "/ip4/8.8.8.8/tcp/-1",
    "/ip4/8.8.8.8/tcp/1e3",
    "/ip4/8.8.8.8/tcp/",
    "/ip4/8.8.8.8/tcp",
    "/ip4/8.8.8.8",
    "/ip4/0.0.0.0/tcp/1",
    "/ip6/::/tcp/1",
    "/ip6/::ffff:0.0.0.0/tcp/1",
    "/ip6/::ffff:127.0.0.1/tcp/1",
    "/ip6/fe80::1%eth0/tcp/1",
    "/ip4/8.8.8/tcp/1",
    "/ip4/8.8.8.8.8/tcp/1",
    "/ip4/2001:db8::1/udp/1",
    "/dns4/example.org/tcp/1",
    "/dns/example.org/tcp/1",
    "/unix/tmp/x",
    "/ip4/8.8.8.8/udp/1",
    "/ip4/8.8.8.8/udp/1/webtransport",
    "/ip4/8.8.8.8/tcp/1/wss",
    "/ip4/8.8.8.8/tcp/1/p2p/carol",
    "/ip4/8.8.8.8/tcp/1/p2p/relay/p2p-circuit",
    "/ip4/8.8.8.8/tcp/1/",
    "/ip4/8.8.8.8/tcp/1 ",
    "8.8.8.8:1",
    "/",
    "",
    "\u0000",
    "☃",
  ])("as %j is thrown away", (address) => {
    expect([taken(publicly, [address]), book.list()]).toEqual([0, []]);
  });

  test("beside bad ones is taken all the same", () => {
    expect(taken(publicly, ["", "/ip4/8.8.8.8/tcp/65535", "/ip4/0.0.0.0/tcp/1"])).toBe(1);
  });

  test("fills a teller's share of the book only, however long it talks", () => {
    exchange.admitted(1, bob, publicly, at(0));
    let fresh = 0;
    for (let i = 0; i < 200; i++) {
      const number = askedNow(exchange.nextDeadline() as number);
      const peers = Array.from({ length: knownPeersMax }, (_, j) => ({
        peer: `p${i}-${j}` as PeerId,
        address: `/ip4/${1 + (i % 120)}.${j}.1.1/tcp/1`,
      }));
      fresh += exchange.told(1, number, peers, at(0), out);
    }
    expect(fresh).toBeLessThanOrEqual(128);
  });
});

test("one that does not take part neither asks, nor answers, nor listens", () => {
  exchange = make(false);
  exchange.listening([publicly]);
  expect(taken(publicly, [publicly])).toBe(0);
  expect([told(1), exchange.nextDeadline(), exchange.due(at(9e9)), book.list()]).toEqual([
    undefined,
    undefined,
    [],
    [],
  ]);
});

describe("relayed addresses", () => {
  const key = (byte: string): PeerId => peerIdOf(byte.repeat(32) as Author);
  const relay = key("ab");
  const by = (at: string): string => `${at}/p2p/${relay}/p2p-circuit`;

  test("are taken where their relay's would be, and only in their one form", () => {
    const forms = [
      by(publicly),
      `${by(publicly)}/p2p/${key("cd")}`,
      `${publicly}/p2p-circuit`,
      by(by(publicly)),
      `${publicly}/p2p/nobody/p2p-circuit`,
    ];
    expect(forms.map((address, i) => taken("/ip4/8.8.8.8/tcp/1", [address], i * 10 * askPeersEveryMs))).toEqual([
      1, 0, 0, 0, 0,
    ]);
    expect(taken("/ip4/8.8.8.8/tcp/1", [by(privately)], 1e9)).toBe(0);
    expect(taken(privately, [by(privately)], 2e9)).toBe(1);
  });

  test("are told of members that this node relays, but not to themselves, nor where it has no address to tell", () => {
    exchange.guestsChanged([bob, carol]);
    exchange.admitted(1, bob, "/ip4/8.8.8.8/tcp/1", at(0));
    expect(told(1)).toEqual([]);
    exchange.listening([`${by("/ip4/8.8.9.9/tcp/1")}/p2p/${self}`, `${publicly}/p2p/${self}`]);
    expect(told(1, tellPeersEveryMsMin)).toEqual([
      `self ${by("/ip4/8.8.9.9/tcp/1")}`,
      `self ${publicly}`,
      `carol ${publicly}/p2p/${self}/p2p-circuit`,
    ]);
  });
});
