import { expect, test } from "vitest";
import type { NetworkId } from "../base/brand.ts";
import { linkFrameBytesMax } from "../codec/limits.ts";
import { defaultConfig, settings } from "../config/settings.ts";
import { usualPeerLimits } from "../core/peers/peer-limits.ts";
import { banMsSteps } from "../core/peers/standing/limits.ts";
import { usualOutbox } from "../core/sync/outbox/machine.ts";
import { frameBytesMax } from "../drivers/libp2p/limits.ts";
import type { DataFolder } from "../drivers/storage/data-folder.ts";
import { driverOptionsOf, memoryPlanOf, threadOptionsOf } from "./node-options.ts";

const folder = { storePath: "/x", identitySeed: new Uint8Array(32) } as DataFolder;
const listeners = { onEvent: () => undefined, onFact: () => undefined };
const network = "11".repeat(32) as NetworkId;

test("the defaults of the settings are the limits that the machines are tested with", () => {
  const options = threadOptionsOf(defaultConfig(), folder, network, memoryPlanOf(defaultConfig()), undefined);
  expect(options.peerLimits).toEqual(usualPeerLimits);
  expect(options.banMsSteps).toEqual(banMsSteps);
  expect(options.outboxLimits).toEqual(usualOutbox);
});

test("the limit of frames is the one that was decided, and its sentence names each protocol's own", () => {
  const driver = driverOptionsOf(defaultConfig(), folder, network, memoryPlanOf(defaultConfig()), listeners);
  expect(driver.frameBytesMax).toBe(linkFrameBytesMax);
  const narrow = { ...defaultConfig(), limitsMaxFrame: "512KiB" };
  expect(driverOptionsOf(narrow, folder, network, memoryPlanOf(narrow), listeners).frameBytesMax).toBe(512 * 1024);
  for (const [protocol, bytes] of Object.entries(frameBytesMax))
    expect(settings.limitsMaxFrame.effect).toContain(`${protocol} ${(bytes / 1024).toLocaleString("en")} KiB`);
  expect(Object.values(frameBytesMax).every((bytes) => bytes < linkFrameBytesMax)).toBe(true);
});

test("what is set reaches them, and a longest wait is never below the first", () => {
  const config = { ...defaultConfig(), peersBanSeconds: 7, peersBreakerSeconds: 500, peersBreakerMaxSeconds: 20 };
  const { banMsSteps: steps, peerLimits } = threadOptionsOf(config, folder, network, memoryPlanOf(config), undefined);
  expect(steps[0]).toBe(7_000);
  expect(peerLimits?.breaker).toEqual({ failures: 5, resetMsMin: 500_000, resetMsMax: 500_000 });
});
