/** What a LAN can have that keeps nodes from finding each other, each made for real between namespaces: that cause and no other. */
import { spawnSync } from "node:child_process";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Lan, missingForLan } from "../net/lan.ts";
import { run } from "../net/run.ts";
import { Nursery } from "../support/real-node.ts";
import { until } from "../support/until.ts";
import { examine, untilCause } from "./examine.ts";

/** Three processes of nodes and some of the doctor, on a busy machine. */
const slowMsMax = 90_000;

let lan: Lan;
let nursery: Nursery;
beforeEach(() => {
  [lan, nursery] = [new Lan(), new Nursery()];
  nursery.beforeRemoval(() => lan.release());
});
afterEach(() => nursery.end());

/** A node that is told nothing but its network, on a host of its own; returns how the doctor is asked there. */
async function startOn(host: string, name: string, network: string): Promise<() => ReturnType<typeof examine>> {
  const wrap = ["ip", "netns", "exec", host];
  const flags = ["--network", network];
  const started = nursery.spawn(name, { wrap, mdns: true, listen: undefined, flags });
  await started.ready();
  return () => examine(["--data-dir", nursery.dataDirOf(name)], wrap);
}

test("mdns_blocked: a packet filter drops UDP port 5353, and the rule is told", { timeout: slowMsMax }, async (ctx) => {
  const missing = missingForLan() ?? (spawnSync("nft", ["-v"]).error === undefined ? undefined : "needs nft(8)");
  ctx.skip(missing !== undefined, `cannot run here: ${missing}`);
  const host = lan.addHost("10.77.0.1/24");
  const rules = "table inet filter { chain input { type filter hook input priority 0; udp dport 5353 drop; }; }";
  run("ip", ["netns", "exec", host, "nft", rules]);
  const look = await startOn(host, "a", "lan");
  await untilCause(look, "mdns_blocked", /not even our own packets come back/);
  expect((await look()).view.causes[0]?.next).toMatch(/^The packet filter here says "udp dport 5353 drop"/);
});

test(
  "other_network: nodes of another network are on the LAN, and none of this one; nothing once one is",
  { timeout: slowMsMax },
  async (ctx) => {
    const missing = missingForLan();
    ctx.skip(missing !== undefined, `cannot run here: ${missing}`);
    const look = await startOn(lan.addHost("10.77.0.1/24"), "a", "ours");
    await startOn(lan.addHost("10.77.0.2/24"), "b", "theirs");
    await untilCause(look, "other_network", /theirs/);
    await startOn(lan.addHost("10.77.0.3/24"), "c", "ours");
    await until("nothing is wrong any more", async () => (await look()).view.causes.length === 0, {
      deadlineMs: 30_000,
      everyMs: 100,
    });
    expect((await look()).exit).toBe(0);
  },
);
