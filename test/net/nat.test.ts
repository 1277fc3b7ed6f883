import { expect, test } from "vitest";
import { missingForInternet } from "./internet.ts";
import { behindTwoRouters } from "./nat.ts";

test(
  "two nodes behind routers share data by way of a relay, and a public node is linked with both directly",
  { timeout: 180_000 },
  async (ctx) => {
    const missing = missingForInternet();
    ctx.skip(missing !== undefined, `network namespaces with routers: ${missing ?? ""}`);
    const report = await behindTwoRouters(() => undefined);
    expect(report).toEqual({ betweenHomes: "relayed", fromOutside: ["direct", "direct"] });
  },
);
