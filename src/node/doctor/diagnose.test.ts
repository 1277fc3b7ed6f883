/** Causes that would take too long, or too much of a machine, to make: told from facts alone. The rest is in test/doctor. */
import { expect, test } from "vitest";
import { mdnsOff } from "../../drivers/libp2p/mdns-health.ts";
import { causeOfWhy, doctorCauses } from "./causes.ts";
import { diagnose } from "./diagnose.ts";
import type { DoctorFacts } from "./facts.ts";

const place = { interface: "eth0", family: "v4", loopback: false, sent: 9, echoes: 9, heard: 0 } as const;
const failing = {
  mdns: { ...mdnsOff, enabled: true, places: [{ ...place, lastHeardAt: undefined, failure: "EPERM" }] },
  linked: 1,
};
const room = { setting: "limits.max_disk", unit: "bytes", used: 1, limit: 9, state: "ok", message: "" } as const;
const well: DoctorFacts = {
  process: { nodeVersion: "v24.21.0", programVersion: "0.1.0", platform: "linux x64" },
  node: { type: "running", pid: 7, upSeconds: 61.5 },
  configProblems: [],
  folder: { path: "/data", exists: true, trouble: undefined, newer: undefined },
  disk: { freeBytes: 2 ** 40, totalBytes: 2 ** 41, syncMs: 0.5 },
  limits: [room],
  ports: [{ what: "p2p", protocol: "tcp", host: "", port: 4001, state: "own" }],
  network: {
    look: {
      interfaces: [{ name: "eth0", family: "v4", address: "192.168.1.5", internal: false }],
      routes: undefined,
      ports: undefined,
      descriptors: { open: 60, limit: 1_024 },
    },
    family: "dual",
    loopbackOnly: false,
    linksMax: 50,
    reach: undefined,
  },
  discovery: { mdns: { ...mdnsOff, enabled: true }, linked: 1 },
  peers: [],
  clock: { offsetMs: 3, doubted: false },
  firewall: [],
};
const { network } = well;
if (network === undefined) throw new Error("there is a network");

const codesOf = (facts: Partial<DoctorFacts>): string[] =>
  diagnose({ ...well, ...facts }).causes.map(({ code }) => code);

test("a node that is well has no causes, and every area says what was seen", () => {
  const { status, areas, causes } = diagnose(well);
  expect([status, causes]).toEqual(["ok", []]);
  expect(areas.every(({ seen }) => seen.length > 3)).toBe(true);
});

test.each<[string, Partial<DoctorFacts>]>([
  ["not_listening", { ports: [] }],
  ["limit_near", { limits: [{ ...room, state: "near", message: "80 % of it is used" }] }],
  ["limit_reached", { limits: [{ ...room, state: "refusing", message: "puts are refused" }] }],
  ["mdns_failed", { discovery: failing }],
  ["open_files", { network: { ...network, look: { ...network.look, descriptors: { open: 900, limit: 1_024 } } } }],
  [
    "behind_nat",
    { network: { ...network, reach: { verdict: "behindNat", reason: "seen at 198.51.100.7", next: "x" } } },
  ],
  [
    "peer_unstable",
    { peers: [{ address: "/ip4/1.2.3.4/tcp/1", why: { cause: "flapping", conclusion: "x", next: "y" } }] },
  ],
])("%s and nothing else", (code, facts) => {
  expect(codesOf(facts)).toEqual([code]);
});

test("the gravest cause comes first, and the whole is as grave as it", () => {
  const { status, causes } = diagnose({ ...well, clock: { offsetMs: 9_000, doubted: false }, ports: [] });
  expect(status).toBe("critical");
  expect(causes.map(({ code }) => code)).toEqual(["not_listening", "clock_off"]);
});

test("a packet filter that drops mDNS is part of what to do", () => {
  const firewall = [{ place: "inet filter input", rule: "udp dport 5353 drop", port: 5353 }];
  const [cause] = diagnose({ ...well, firewall, discovery: failing }).causes;
  expect(cause?.next).toMatch(/^The packet filter here says "udp dport 5353 drop" \(inet filter input\)\. /);
});

test("mistakes in the configuration leave nothing else to look at", () => {
  const { node: _, ...rest } = well;
  const mistaken = { ...rest, node: { type: "absent" } as const, configProblems: ["a.toml:1: x"], ports: undefined };
  const { areas, causes } = diagnose({ ...mistaken, disk: undefined, network: undefined, peers: undefined });
  expect(causes.map(({ code }) => code)).toEqual(["config_invalid"]);
  expect(areas.find(({ name }) => name === "disk")?.status).toBe("not looked at");
});

test("every cause that why names of a peer has one of the doctor's", () => {
  const causes: readonly string[] = Object.keys(doctorCauses);
  expect(Object.values(causeOfWhy).every((code) => causes.includes(code))).toBe(true);
});
