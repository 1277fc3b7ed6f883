import { isIPv4, isIPv6, BlockList } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type IpBytes,
  ipOfMultiaddr,
  isInRange,
  isLoopback,
  neighbourhoodOf,
  parseIp,
  parseIpRange,
  rangeText,
} from "./ip-range.ts";

const ip = (text: string): IpBytes => {
  const bytes = parseIp(text);
  if (bytes === undefined) throw new Error(`${text} is no address`);
  return bytes;
};

describe("an address", () => {
  test.each([
    ["1.2.3.4", [1, 2, 3, 4]],
    ["::ffff:1.2.3.4", [1, 2, 3, 4]],
    ["::ffff:102:304", [1, 2, 3, 4]],
    ["::1", [...Array.from({ length: 15 }, () => 0), 1]],
    ["fd00:0:0:1::", [0xfd, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]],
  ])("%s", (text, bytes) => expect(parseIp(text)).toEqual(bytes));

  test.each([
    "",
    "1.2.3",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.4.5",
    ":::",
    "1::2::3",
    "12345::",
    "::1%eth0",
    "g::",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7::8",
    "::1.2.3",
  ])("%s is none", (text) => expect(parseIp(text)).toBeUndefined());

  test("is read as Node reads it, and written in the one short form", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const bytes = ip(text);
        const again = rangeText({ ip: bytes, bits: bytes.length * 8 });
        expect(parseIp(again)).toEqual(bytes);
        expect(bytes.length === 4 ? isIPv4(again) : isIPv6(again)).toBe(true);
      }),
    );
  });

  test("of IPv6 is written as a URL writes it", () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const written = new URL(`http://[${text}]`).hostname.slice(1, -1);
        const bytes = ip(text);
        const mapped = `::ffff:${bytes.length === 4 ? toGroups(bytes) : ""}`;
        expect(written).toBe(bytes.length === 4 ? mapped : rangeText({ ip: bytes, bits: 128 }));
      }),
    );
  });

  test("stands in front of a multiaddr", () => {
    expect(ipOfMultiaddr("/ip4/10.0.0.1/tcp/4001/p2p/12D3")).toEqual([10, 0, 0, 1]);
    expect(ipOfMultiaddr("/ip6/::1/tcp/1")).toEqual(ip("::1"));
    expect(ipOfMultiaddr("/dns4/example.org/tcp/1")).toBeUndefined();
  });

  test("on the loopback is told from others", () => {
    expect(["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"].map((text) => isLoopback(ip(text)))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(["128.0.0.1", "::2", "fd00::1"].map((text) => isLoopback(ip(text)))).toEqual([false, false, false]);
  });

  test("has a neighbourhood of 256 in IPv4, and of a site in IPv6", () => {
    expect([neighbourhoodOf(ip("10.1.2.3")), neighbourhoodOf(ip("2001:db8:1:2::3"))]).toEqual([
      "10.1.2.0/24",
      "2001:db8:1::/48",
    ]);
  });
});

describe("a range", () => {
  test.each([
    "10.0.0.1/8",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.0/08",
    "10.0.0.0/8/8",
    "fd00::1/64",
    "::/129",
    "x/8",
    "/8",
  ])("%s is none", (text) => expect(parseIpRange(text)).toBeUndefined());

  test.each([
    ["10.0.0.0/8", "10.0.0.0/8"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["10.0.0.7/32", "10.0.0.7"],
    ["FD00::/8", "fd00::/8"],
    ["::ffff:10.0.0.0/104", "10.0.0.0/8"],
    ["::ffff:10.0.0.7", "10.0.0.7"],
  ])("%s is written %s", (text, written) => {
    const range = parseIpRange(text);
    expect(range === undefined ? undefined : rangeText(range)).toBe(written);
  });

  test("has exactly the addresses that Node's own block list says", () => {
    const v4 = fc.tuple(fc.ipV4(), fc.ipV4(), fc.integer({ min: 0, max: 32 }));
    fc.assert(
      fc.property(v4, ([text, other, bits]) => {
        const list = new BlockList();
        list.addSubnet(text, bits, "ipv4");
        expect(isInRange(ip(other), { ip: maskedBy(ip(text), bits), bits })).toBe(list.check(other));
      }),
    );
  });
});

function maskedBy(bytes: IpBytes, bits: number): IpBytes {
  return bytes.map((byte, index) => byte & (0xff << Math.min(8, Math.max(0, 8 * (index + 1) - bits))) & 0xff);
}

/** The four bytes of an IPv4 address as two groups of an IPv6 one. */
function toGroups([a = 0, b = 0, c = 0, d = 0]: IpBytes): string {
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}
