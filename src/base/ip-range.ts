/**
 * IP addresses as bytes, and ranges of them in the notation of RFC 4632 and RFC 4291 §2.3. An IPv4
 * address mapped into IPv6 (`::ffff:1.2.3.4`) is that IPv4 address, so that a rule for one holds for both.
 */

import { isRelayed } from "./relayed-address.ts";

/** 4 or 16 bytes. */
export type IpBytes = readonly number[];

export interface IpRange {
  readonly ip: IpBytes;
  /** Leading bits that all addresses of the range share. */
  readonly bits: number;
}

const mappedPrefix: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/** The bytes of an IPv4 or IPv6 address in text, or undefined. A zone (`%eth0`) is no part of an address. */
export function parseIp(text: string): IpBytes | undefined {
  if (!text.includes(":")) return parseV4(text);
  const bytes = parseV6(text);
  return bytes !== undefined && mappedPrefix.every((byte, index) => bytes[index] === byte) ? bytes.slice(12) : bytes;
}

/** `10.0.0.0/8`, `fd00::/8`, or a single address; undefined where it is neither, or bits behind the prefix are set. */
export function parseIpRange(text: string): IpRange | undefined {
  const [address = "", length, ...more] = text.split("/");
  const ip = parseIp(address);
  if (ip === undefined || more.length > 0) return undefined;
  if (length === undefined) return { ip, bits: ip.length * 8 };
  const written = /^(0|[1-9][0-9]{0,2})$/.test(length) ? Number(length) : -1;
  const isMapped = ip.length === 4 && address.includes(":");
  const bits = isMapped ? written - 96 : written;
  if (bits < 0 || bits > ip.length * 8) return undefined;
  return prefixOf(ip, bits).every((byte, index) => byte === ip[index]) ? { ip, bits } : undefined;
}

export function isInRange(ip: IpBytes, { ip: start, bits }: IpRange): boolean {
  return ip.length === start.length && prefixOf(ip, bits).every((byte, index) => byte === start[index]);
}

/** The range as it is written, in one form only. */
export function rangeText({ ip, bits }: IpRange): string {
  const address = ipText(ip);
  return bits === ip.length * 8 ? address : `${address}/${bits}`;
}

/** The neighbourhood of an address, which one attacker is likely to own: a /24 of IPv4, a /48 of IPv6. */
export function neighbourhoodOf(ip: IpBytes): string {
  const bits = ip.length === 4 ? 24 : 48;
  return rangeText({ ip: prefixOf(ip, bits), bits });
}

/** What one owner of many neighbourhoods is likely to own: a /16 of IPv4, a /32 of IPv6. */
export function networkOf(ip: IpBytes): string {
  const bits = ip.length === 4 ? 16 : 32;
  return rangeText({ ip: prefixOf(ip, bits), bits });
}

export function isLoopback(ip: IpBytes): boolean {
  return ip.length === 4 ? ip[0] === 127 : ip.every((byte, index) => byte === (index === 15 ? 1 : 0));
}

/** Where a multiaddr of `/ip4/…` or `/ip6/…` leads; undefined for names and all else, relayed ones among them. */
export function ipOfMultiaddr(address: string): IpBytes | undefined {
  if (isRelayed(address)) return undefined; // its address is that of the relay
  const [, protocol, value = ""] = address.split("/");
  return protocol === "ip4" || protocol === "ip6" ? parseIp(value) : undefined;
}

function prefixOf(ip: IpBytes, bits: number): IpBytes {
  return ip.map((byte, index) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - 8 * index))) & 0xff);
}

function parseV4(text: string): IpBytes | undefined {
  const parts = text.split(".");
  const bytes = parts.map((part) => (/^(0|[1-9][0-9]{0,2})$/.test(part) ? Number(part) : 256));
  return parts.length === 4 && bytes.every((byte) => byte < 256) ? bytes : undefined;
}

function parseV6(text: string): IpBytes | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => (half === "" ? [] : groupsOf(half.split(":"))));
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  const missing = 16 - head.length - (tail?.length ?? 0);
  if (halves.length === 1) return missing === 0 ? head : undefined;
  return missing < 2 ? undefined : [...head, ...Array.from({ length: missing }, () => 0), ...(tail as IpBytes)];
}

/** Of a list of groups the bytes; the last may be an IPv4 address. */
function groupsOf(groups: readonly string[]): IpBytes | undefined {
  const bytes: number[] = [];
  for (const [index, group] of groups.entries()) {
    const v4 = index === groups.length - 1 && group.includes(".") ? parseV4(group) : undefined;
    if (v4 === undefined && !/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
    const value = Number.parseInt(group, 16);
    bytes.push(...(v4 ?? [value >> 8, value & 0xff]));
  }
  return bytes.length > 16 ? undefined : bytes;
}

/** Source: RFC 5952: lower case, no leading zeros, the longest run of at least two zero groups as `::`. */
function ipText(ip: IpBytes): string {
  if (ip.length === 4) return ip.join(".");
  const groups = Array.from({ length: 8 }, (_, i) => ((ip[2 * i] as number) << 8) | (ip[2 * i + 1] as number));
  let [from, length] = [0, 1];
  for (let start = 0; start < 8; start++) {
    let end = start;
    while (end < 8 && groups[end] === 0) end += 1;
    if (end - start > length) [from, length] = [start, end - start];
  }
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(":");
  return `${hex.slice(0, from).join(":")}::${hex.slice(from + length).join(":")}`;
}
