import { expect, test } from "vitest";
import type { NetworkId } from "../base/brand.ts";
import { defaultConfig } from "../config/settings.ts";
import { usualPeerLimits } from "../core/peers/peer-limits.ts";
import { banMsSteps } from "../core/peers/standing/limits.ts";
import { usualOutbox } from "../core/sync/outbox/machine.ts";
import type { DataFolder } from "../drivers/storage/data-folder.ts";
import { memoryPlanOf, threadOptionsOf } from "./node-options.ts";

const folder = { storePath: "/x", identitySeed: new Uint8Array(32) } as DataFolder;
const network = "11".repeat(32) as NetworkId;

test("the defaults of the settings are the limits that the machines are tested with", () => {
  const options = threadOptionsOf(defaultConfig(), folder, network, memoryPlanOf(defaultConfig()), undefined);
  expect(options.peerLimits).toEqual(usualPeerLimits);
  expect(options.banMsSteps).toEqual(banMsSteps);
  expect(options.outboxLimits).toEqual(usualOutbox);
});

test("what is set reaches them, and a longest wait is never below the first", () => {
  const config = { ...defaultConfig(), peersBanSeconds: 7, peersBreakerSeconds: 500, peersBreakerMaxSeconds: 20 };
  const { banMsSteps: steps, peerLimits } = threadOptionsOf(config, folder, network, memoryPlanOf(config), undefined);
  expect(steps[0]).toBe(7_000);
  expect(peerLimits?.breaker).toEqual({ failures: 5, resetMsMin: 500_000, resetMsMax: 500_000 });
});
