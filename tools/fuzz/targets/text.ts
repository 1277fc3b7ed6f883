/** Short texts: from people, configuration, the network and the kernel. */
import { parseByteSize } from "../../../src/base/byte-size.ts";
import { fromBase58, fromHex, toBase58, toHex } from "../../../src/base/bytes.ts";
import { ipOfMultiaddr, parseIp, parseIpRange, rangeText } from "../../../src/base/ip-range.ts";
import { assert } from "../../../src/base/assert.ts";
import type { Prng } from "../../../src/base/prng.ts";
import { parsePromptLine, promptWords } from "../../../src/cli/prompt-line.ts";
import {
  parseCount,
  parseDuration,
  parseEnds,
  parseGroups,
  parseNode,
  parseOffset,
  parsePercent,
} from "../../../src/cli/testnet/words.ts";
import { authorOf, peerIdOf } from "../../../src/codec/peer-id.ts";
import { logLevelNames, parseLogLevels } from "../../../src/config/log-levels.ts";
import { parseFaultJson } from "../../../src/drivers/faults/fault-set.ts";
import { openFilesLimit, portUse, routesV4, routesV6 } from "../../../src/drivers/system/network-look.ts";
import { anyKey } from "../samples.ts";
import type { Target } from "../target.ts";
import { okOr, textTarget } from "./reading.ts";

const group = "text";

const anyV4 = (prng: Prng): string => Array.from(prng.bytes(4)).join(".");
const anyV6 = (prng: Prng): string =>
  prng.pick(["::1", "fd00::", "::ffff:1.2.3.4", "2001:db8::7:1", "fe80::1:2:3:4", "1:2:3:4:5:6:7:8"]);
const anyPeer = (prng: Prng): string => peerIdOf(toHex(prng.bytes(32)) as Parameters<typeof peerIdOf>[0]);
const anyIp = (prng: Prng): string => (prng.chance(0.5) ? anyV4(prng) : anyV6(prng));
const anyAddress = (prng: Prng): string => {
  const host = prng.pick([
    `/ip4/${anyV4(prng)}`,
    `/ip6/${anyV6(prng)}`,
    "/dns4/host.example",
    "/ip6zone/eth0/ip6/fe80::1",
  ]);
  return `${host}/tcp/${prng.below(65_536)}${prng.chance(0.5) ? `/p2p/${anyPeer(prng)}` : ""}`;
};

/** One line for each reader, with its first word saying which. */
const testnetWords: Readonly<Record<string, (text: string) => unknown>> = {
  node: parseNode,
  groups: parseGroups,
  ends: parseEnds,
  duration: parseDuration,
  offset: parseOffset,
  percent: parsePercent,
  count: (text) => parseCount(text, "the count", 1, 50),
};
const goodWords = ["node 3", "groups 1,2|3", "ends 1-3", "duration 1.5s", "offset -3m", "percent 30%", "count 7"];

export const targets: readonly Target[] = [
  textTarget({
    name: "ip-range",
    group,
    covers: ["base/ip-range.ts parseIp", "base/ip-range.ts parseIpRange", "base/ip-range.ts ipOfMultiaddr"],
    valid: (prng) =>
      prng.pick(["10.0.0.0/8", "fd00::/8", "::ffff:10.0.0.0/104", "0.0.0.0/0", anyV4(prng), anyV6(prng)]),
    longest: "2001:db8:1111:2222:3333:4444:5555:6666",
    read(text) {
      assert((parseIp(text)?.length ?? 4) % 12 === 4, "an address has 4 or 16 bytes");
      ipOfMultiaddr(text);
      const range = parseIpRange(text);
      if (range === undefined) return { outcome: "refused" };
      const written = rangeText(range);
      const read = parseIpRange(written);
      assert(read !== undefined && rangeText(read) === written, "a range is read as it was written");
      return { outcome: range.ip.length === 4 ? "ok v4" : "ok v6" };
    },
  }),
  textTarget({
    name: "byte-size",
    group,
    covers: ["base/byte-size.ts parseByteSize"],
    valid: (prng) =>
      `${prng.below(1_000)}${prng.pick(["", ".5"])}${prng.pick(["", " "])}${prng.pick(["B", "KiB", "MB", "TiB"])}`,
    longest: "999999999999.999999 B",
    read(text) {
      const bytes = parseByteSize(text);
      assert(bytes === undefined || (Number.isSafeInteger(bytes) && bytes >= 0), "an amount of bytes is exact");
      return okOr(bytes);
    },
  }),
  textTarget({
    name: "log-levels",
    group,
    covers: ["config/log-levels.ts parseLogLevels"],
    valid: (prng) => `${prng.pick(logLevelNames)},net=${prng.pick(logLevelNames)},store=debug`,
    longest: Array.from({ length: 32 }, (_, i) => `module${i}=warn`).join(","),
    read: (text) => ({ outcome: parseLogLevels(text).ok ? "ok" : "refused" }),
  }),
  textTarget({
    name: "peer-id",
    group,
    covers: ["codec/peer-id.ts authorOf", "base/bytes.ts fromBase58", "base/bytes.ts fromHex"],
    valid: anyPeer,
    longest: "12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf",
    read(text) {
      const hex = fromHex(text);
      assert(hex === undefined || toHex(hex) === text, "hex has one form");
      const base58 = fromBase58(text);
      assert(base58 === undefined || toBase58(base58) === text, "base58 has one form");
      const author = authorOf(text);
      return author === undefined ? { outcome: "refused" } : { outcome: "ok", again: peerIdOf(author) };
    },
  }),
  textTarget({
    name: "prompt-line",
    group,
    covers: ["cli/prompt-line.ts parsePromptLine"],
    valid: (prng) => `${prng.pick(promptWords)} ${prng.pick(["", anyKey(prng), `${anyKey(prng)} ${anyKey(prng)}`])}`,
    longest: `add key ${"v".repeat(64 * 1024)}`,
    read(text) {
      const command = parsePromptLine(text);
      return { outcome: command.type === "wrong" ? "ok wrong" : `ok ${command.type}` };
    },
  }),
  textTarget({
    name: "testnet-words",
    group,
    covers: Object.values({
      node: "parseNode",
      groups: "parseGroups",
      ends: "parseEnds",
      duration: "parseDuration",
      offset: "parseOffset",
      percent: "parsePercent",
      count: "parseCount",
    }).map((name) => `cli/testnet/words.ts ${name}`),
    valid: (prng) => prng.pick(goodWords),
    longest: `groups ${Array.from({ length: 50 }, (_, i) => i + 1).join(",")}`,
    read(text) {
      const space = text.indexOf(" ");
      const kind = text.slice(0, space);
      const reader = Object.hasOwn(testnetWords, kind) ? testnetWords[kind] : undefined;
      if (reader === undefined) return { outcome: "no reader" };
      const value = reader(text.slice(space + 1));
      assert(typeof value !== "number" || Number.isFinite(value), "a number is one");
      return { outcome: `ok ${kind}` };
    },
  }),
  textTarget({
    name: "fault-set",
    group: "files",
    covers: ["drivers/faults/fault-set.ts parseFaultJson", "drivers/faults/fault-set.ts parseFaultSet"],
    valid: (prng) =>
      JSON.stringify({
        cut: [anyPeer(prng)],
        delayMs: { [anyPeer(prng)]: prng.below(60_000) },
        lossPercent: { [anyPeer(prng)]: prng.below(100) },
        seed: prng.u32(),
        clockOffsetMs: prng.below(1_000),
        diskFull: prng.chance(0.5),
      }),
    longest: JSON.stringify({ cut: Array.from({ length: 1_024 }, (_, i) => `peer${i}`) }),
    read: (text) => okOr(parseFaultJson(text)),
  }),
  textTarget({
    name: "kernel-tables",
    group,
    covers: ["routesV4", "routesV6", "portUse", "openFilesLimit"].map(
      (name) => `drivers/system/network-look.ts ${name}`,
    ),
    valid: (prng) =>
      prng.pick([
        "Iface\tDestination\tGateway\tFlags\neth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0",
        `${"0".repeat(32)} 00 ${"0".repeat(32)} 00 ${"0".repeat(32)} 00000400 00000001 00000000 00000001 eth0`,
        "  0: 0100007F:0FA1 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 12345",
        "Max open files            1024                 4096                 files",
      ]),
    longest: "0: 0100007F:0FA1 00000000:0000 0A\n".repeat(1_000),
    read(text) {
      const routes = [...routesV4(text), ...routesV6(text)];
      const use = portUse(4001, [text, text]);
      const limit = openFilesLimit(text);
      return { outcome: routes.length > 0 ? "ok routes" : use.listeners > 0 ? "ok ports" : limit ? "ok limit" : "ok" };
    },
  }),
];

export { anyAddress, anyIp, anyPeer };
