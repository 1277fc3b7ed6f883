import { expect, test } from "vitest";
import { findAndShare } from "./find-and-share.ts";
import { missingForLan } from "./lan.ts";

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
