/** Every live setting takes effect in a node that runs, and what became of each changed one is told. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { addressOf, createFleet, type Fleet } from "../../test/support/in-process.ts";
import { until } from "../../test/support/until.ts";
import { Fault } from "../base/fault.ts";
import { type Config, defaultConfig, type LiveSettingName, settingNames, settingOf } from "../config/settings.ts";
import type { Status, RunningNode } from "./facade.ts";
import { liveDriverOptionsOf, liveOptionsOf } from "./node-options.ts";
import { reloadConfig, type Takers } from "./live-settings.ts";

const limitOf = (status: Status, setting: string): number | undefined =>
  status.limits.find((each) => each.setting === setting)?.limit;

describe("a node that runs", () => {
  let folder: string;
  let fleet: Fleet;
  let node: RunningNode;
  let other: RunningNode;
  let config: Config;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "p2p-sync-live-"));
    fleet = createFleet();
    [node, other] = [await fleet.start("node"), await fleet.start("other")];
    config = node.applyConfig({ ...defaultConfig(), p2pMdns: false }).config; // as it was started, but for what needs a restart
  });
  afterAll(async () => {
    await fleet[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  afterEach(() => void node.applyConfig(config));

  /** The new value of those whose effect is seen from outside, and that it is seen. */
  const seen: Readonly<Partial<Record<LiveSettingName, readonly [() => unknown, () => Promise<boolean> | boolean]>>> = {
    logFile: [() => join(folder, "node.log"), () => existsSync(join(folder, "node.log"))],
    limitsMaxDisk: [() => "40MiB", async () => limitOf(await node.facade.status(), "limits.max_disk") === 40 * 2 ** 20],
    limitsDiskReserve: [() => "1024TiB", async () => (await refusalOf(node)) === "disk_budget"],
    limitsMaxMemory: [
      () => "256MiB",
      async () => limitOf(await node.facade.status(), "limits.max_memory") === 256 * 2 ** 20,
    ],
    limitsMaxBandwidth: [
      () => "1MiB/s",
      async () => limitOf(await node.facade.status(), "limits.max_bandwidth") === 2 ** 20,
    ],
    p2pMdns: [() => true, async () => (await node.facade.netcheck()).mdns.enabled],
    p2pDial: [() => [addressOf(other)], async () => (await node.facade.status()).peers === 1],
  };

  test.each(Object.entries(seen))("takes over %s", async (name, [value, isSeen]) => {
    const { changes } = node.applyConfig({ ...config, [name]: value() });
    expect(changes).toEqual([
      expect.objectContaining({ key: settingOf(name as LiveSettingName).key, outcome: "applied" }),
    ]);
    await until(`${name} is in effect`, isSeen);
  });
});

async function refusalOf(node: RunningNode): Promise<string | undefined> {
  try {
    await node.facade.put("k", new Uint8Array(1));
    return undefined;
  } catch (error) {
    return error instanceof Fault ? error.code : String(error);
  }
}

/** Another value of each live setting that its taker is given as part of the whole. */
const given: Readonly<Partial<Record<LiveSettingName, unknown>>> = {
  syncIntervalSeconds: 7,
  syncFirst: ["a/"],
  peersCutOffSeconds: 7,
  peersAttempts: 7,
  peersBackoffSeconds: 7,
  peersBackoffMaxSeconds: 777,
  peersValidators: ["12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf"],
  peersDetector: true,
  peersProbeMs: 777,
  limitsMaxDisk: "77MiB",
  limitsDiskReserve: "77MiB",
  limitsMaxBandwidth: "7MiB/s",
  limitsPeerBandwidth: "7MiB/s",
  limitsPeerMessages: 77,
  peersMaxLinks: 77,
  peersExemptRanges: ["192.0.2.0/24"],
  peersPingSeconds: 7,
  p2pPeerTimeoutSeconds: 77,
};

test.each(Object.entries(given))("%s is among what the replica or the driver is told", (name, value) => {
  const before = defaultConfig();
  const after = { ...before, [name]: value } as Config;
  const told = (config: Config): string =>
    JSON.stringify([liveOptionsOf(config), liveDriverOptionsOf(config)], (_, each: unknown) =>
      typeof each === "bigint" ? String(each) : each,
    );
  expect(told(after)).not.toBe(told(before));
});

describe("a configuration that is read again", () => {
  const taken: string[] = [];
  const taker = (name: string) => (): void => void taken.push(name);
  const takers: Takers = {
    log: () => {
      throw new Error("the file cannot be written");
    },
    replica: taker("replica"),
    network: taker("network"),
    links: taker("links"),
    memory: taker("memory"),
    dials: taker("dials"),
  };

  test("is taken key by key: applied, after a restart, or refused with the reason", () => {
    const before = defaultConfig();
    const wanted: Config = { ...before, logFile: "/x", p2pPort: 1, peersAttempts: 5, limitsMaxBandwidth: "1MiB/s" };
    const { config, changes } = reloadConfig(before, wanted, takers);
    expect(changes.map(({ key, from, to, outcome, reason }) => [key, from, to, outcome, reason])).toEqual([
      ["p2p.port", 4001, 1, "restart", undefined],
      ["peers.attempts", 10, 5, "applied", undefined],
      ["limits.max_bandwidth", "off", "1MiB/s", "applied", undefined],
      ["log.file", "", "/x", "refused", "the file cannot be written"],
    ]);
    expect(config).toEqual({ ...before, peersAttempts: 5, limitsMaxBandwidth: "1MiB/s" });
    expect(taken.toSorted()).toEqual(["network", "replica"]);
  });

  test("and is the same changes nothing", () => {
    expect(reloadConfig(defaultConfig(), defaultConfig(), takers).changes).toEqual([]);
  });
});

test("every live setting is tried here", () => {
  const loggers = ["logLevel", "logFormat"]; // src/cli/start/run-node.test.ts has a process read them again
  const tried = new Set([...Object.keys(given), ...loggers, ...["logFile", "limitsMaxMemory", "p2pDial", "p2pMdns"]]);
  expect(settingNames.filter((name) => settingOf(name).reload === "live" && !tried.has(name))).toEqual([]);
});
