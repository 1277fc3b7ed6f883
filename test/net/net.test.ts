import { expect, test } from "vitest";
import { findAndShare } from "./find-and-share.ts";
import { missingForFaults, missingForLan } from "./lan.ts";
import { stories } from "./partitions.ts";
import { relinkedMsMax, silence, silenceNoticedMsMax } from "./silence.ts";

test(
  "on a LAN with nothing configured three nodes find each other by mDNS and share keys",
  { timeout: 120_000 },
  async (ctx) => {
    const missing = missingForLan();
    ctx.skip(missing !== undefined, `network namespaces: ${missing ?? ""}`);
    const report = await findAndShare(() => undefined);
    expect(report.nodes).toBe(3);
    expect(report.addresses).toEqual(["10.77.0.1", "10.77.0.2", "10.77.0.3"]);
  },
);

// The other stories take longer or longer waits: `npm run test:net`.
const [twoSides] = stories;

test(
  `${twoSides?.name}, writing on, then healed: all hold the same, and all that was acknowledged`,
  { timeout: 120_000 },
  async (ctx) => {
    const missing = missingForFaults();
    ctx.skip(missing !== undefined, `network namespaces with faults: ${missing ?? ""}`);
    const report = await twoSides?.run(() => undefined);
    expect(report?.acknowledged).toBeGreaterThan(80);
  },
);

test(
  "a host whose packets are lost for 10 s is suspected within a second, and linked again within 6 s of the end",
  { timeout: 120_000 },
  async (ctx) => {
    const missing = missingForFaults();
    ctx.skip(missing !== undefined, `network namespaces with faults: ${missing ?? ""}`);
    const { noticedMs, relinkedMs } = await silence(10_000, () => undefined);
    expect(noticedMs).toBeLessThanOrEqual(silenceNoticedMsMax);
    expect(relinkedMs).toBeLessThanOrEqual(relinkedMsMax);
  },
);
