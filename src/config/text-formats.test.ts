import { expect, test } from "vitest";
import { parseLogLevels } from "./log-levels.ts";
import { isDialableAddress, isLoopback, textComplaints } from "./text-formats.ts";

const peer = "12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf";

test.each([
  "/ip4/192.168.1.5/tcp/4001",
  `/ip4/192.168.1.5/tcp/4001/p2p/${peer}`,
  "/ip6/::1/tcp/65535",
  "/ip6/fd00::5/tcp/1",
  "/dns/localhost/tcp/80",
  "/dns4/host.example/tcp/4001",
  "/dns6/host.example/tcp/4001",
  "/ip4/192.168.1.5/udp/4001/quic-v1",
  `/ip4/192.168.1.5/tcp/4001/ws/p2p/${peer}`,
  `/ip4/192.168.1.5/tcp/4001/p2p/${peer}/p2p-circuit/p2p/${peer}`,
  `/ip4/192.168.1.5/udp/4001/quic-v1/p2p/${peer}/p2p-circuit/p2p/${peer}`,
])("%s can be dialed", (address) => {
  expect(isDialableAddress(address)).toBe(true);
});

test.each([
  "",
  "/",
  "192.168.1.5:4001",
  "/ip4/192.168.1.5",
  "/ip4/192.168.1/tcp/4001",
  "/ip4/300.1.1.1/tcp/4001",
  "/ip4/::1/tcp/4001",
  "/ip6/192.168.1.5/tcp/4001",
  "/ip4/192.168.1.5/tcp/0",
  "/ip4/192.168.1.5/tcp/65536",
  "/ip4/192.168.1.5/tcp/04001",
  "/ip4/192.168.1.5/udp/4001",
  "/ip4/192.168.1.5/tcp/4001/",
  "/ip4/192.168.1.5/tcp/4001/p2p",
  "/ip4/192.168.1.5/tcp/4001/p2p/short",
  `/ip4/192.168.1.5/tcp/4001/p2p/${peer}/x`,
  "/dns4/-bad/tcp/4001",
  `/ip4/192.168.1.5/tcp/4001/p2p-circuit/p2p/${peer}`, // which relay?
  `/ip4/192.168.1.5/tcp/4001/p2p/${peer}/p2p-circuit`, // to whom?
  `/ip4/192.168.1.5/tcp/4001/p2p/${peer}/p2p-circuit/p2p/short`,
  `/ip4/192.168.1.5/tcp/0/p2p/${peer}/p2p-circuit/p2p/${peer}`,
  `/ip4/192.168.1.5/tcp/4001/p2p/${peer}/p2p-circuit/p2p/${peer}/p2p-circuit/p2p/${peer}`,
  `/dns4/${"a".repeat(600)}/tcp/4001`,
])("%j cannot be dialed", (address) => {
  expect(isDialableAddress(address)).toBe(false);
});

test.each([
  ["127.0.0.1", true],
  ["127.9.9.9", true],
  ["::1", true],
  ["localhost", true],
  ["0.0.0.0", false],
  ["::", false],
  ["192.168.1.5", false],
  ["127.0.0.1.evil.example", false],
  ["", false],
])("%j is a loopback address: %s", (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});

test.each([
  ["p2p-sync", true],
  ["a", true],
  ["team.eu_1", true],
  ["", false],
  ["-a", false],
  ["a/b", false],
  ["Team", false],
  ["a".repeat(65), false],
])("%j is a network name: %s", (name, expected) => {
  expect(textComplaints.networkName(name) === undefined).toBe(expected);
});

test("log levels: one for all, others for modules", () => {
  expect(parseLogLevels("warn, net=debug,sync=silent")).toEqual({
    ok: true,
    value: {
      base: "warn",
      modules: new Map([
        ["net", "debug"],
        ["sync", "silent"],
      ]),
    },
  });
  expect(parseLogLevels("net=debug")).toMatchObject({ ok: true, value: { base: "info" } });
});

test.each(["", "loud", "net=", "=debug", "net=debug=x", "Net=debug", "info,,warn", "info,".repeat(40)])(
  "%j is no log level",
  (spec) => {
    expect(parseLogLevels(spec)).toEqual({ ok: false, code: "invalid_log_levels" });
  },
);
