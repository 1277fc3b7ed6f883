import { expect, test } from "vitest";
import { missingForInternet } from "./internet.ts";
import { behindTwoRouters, forwardedPorts } from "./nat.ts";
import { missingForRouterDaemon } from "./router-daemon.ts";

// That a relay dies takes longer: `npm run test:net`.

test(
  "two nodes behind routers share data by way of a relay, and a public node is linked with both directly",
  { timeout: 180_000 },
  async (ctx) => {
    const missing = missingForInternet();
    ctx.skip(missing !== undefined, `network namespaces with routers: ${missing ?? ""}`);
    const report = await behindTwoRouters(() => undefined);
    expect(report).toMatchObject({ betweenHomes: "relayed", fromOutside: ["direct", "direct"] });
    expect(report.whyRelayed).toMatch(/by way of \S+: it told no address .*Over TCP two such sides cannot meet/);
    expect(report.netcheck).toMatch(/1 peer asked to dial back got no answer; peers see this node at 11\./);
  },
);

test(
  "a router that forwards ports by NAT-PMP or UPnP makes its node reachable, and keeps nothing when it stops",
  { timeout: 180_000 },
  async (ctx) => {
    const missing = missingForInternet() ?? missingForRouterDaemon();
    ctx.skip(missing !== undefined, `routers that forward ports: ${missing ?? ""}`);
    const report = await forwardedPorts(() => undefined);
    expect(report.mappings).toEqual([
      expect.stringMatching(/^\/ip4\/11\.\d+\.0\.1\/tcp\/4001, by NAT-PMP$/),
      expect.stringMatching(/^\/ip4\/11\.\d+\.0\.1\/tcp\/4001, by UPnP$/),
    ]);
    expect(report).toMatchObject({ ways: ["direct", "direct"], forwarded: [1, 1], left: [0, 0] });
  },
);
