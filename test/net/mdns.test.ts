/** mDNS between hosts of a LAN: over IPv6 alone, when addresses change, and when packets are dropped. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import type { MdnsHealth } from "../../src/drivers/libp2p/mdns-health.ts";
import { mdnsBlocked } from "../../src/node/mdns-words.ts";
import { until } from "../support/until.ts";
import { Lan, missingForLan } from "./lan.ts";
import { run } from "./run.ts";

const script = fileURLToPath(new URL("mdns-probe.ts", import.meta.url));
const running: Probe[] = [];
const lans: Lan[] = [];
// Real processes on a machine that may be busy with others.
const patience = { deadlineMs: 40_000 };

class Probe {
  readonly found = new Set<string>();
  health: MdnsHealth | undefined;
  readonly namespace: string;
  readonly #child: ChildProcess;

  constructor(namespace: string, seed: number, family: "v4" | "v6only" | "dual") {
    this.namespace = namespace;
    const parameters = ["netns", "exec", namespace, process.execPath, script, String(seed), family];
    this.#child = spawn("ip", parameters, { stdio: ["pipe", "pipe", "inherit"] });
    let rest = "";
    this.#child.stdout?.on("data", (data: Buffer) => {
      const lines = (rest + data.toString()).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#take(JSON.parse(line) as { found?: string; health?: MdnsHealth });
    });
    running.push(this);
  }

  has(text: string): boolean {
    return [...this.found].some((address) => address.includes(text));
  }

  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once("close", resolve));
    this.#child.stdin?.end();
    await ended;
  }

  #take({ found, health }: { found?: string; health?: MdnsHealth }): void {
    if (found !== undefined) this.found.add(found);
    if (health !== undefined) this.health = health;
  }
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((probe) => probe.end()));
  for (const lan of lans.splice(0)) lan.release();
});

function newLan(): Lan {
  const lan = new Lan();
  lans.push(lan);
  return lan;
}

test(
  "on a LAN with IPv6 alone three hosts find each other, and an address that comes later is found within seconds",
  { timeout: 120_000 },
  async (ctx) => {
    const missing = missingForLan();
    ctx.skip(missing !== undefined, `network namespaces: ${missing ?? ""}`);
    const lan = newLan();
    const all = [1, 2, 3].map((host) => new Probe(lan.addHost(`fd77::${host}/64`), host, "v6only"));
    for (const [index, probe] of all.entries())
      for (const other of [1, 2, 3].filter((host) => host !== index + 1))
        await until(`host ${index + 1} finds ${other}`, () => probe.has(`/fd77::${other}/`), {
          ...patience,
          seen: () => probe.health,
        });
    const [one, two] = all as [Probe, Probe];
    run("ip", ["-n", two.namespace, "address", "add", "fd77::22/64", "dev", "eth0", "nodad"]);
    const changedAt = performance.now();
    await until("the new address is found", () => one.has("/fd77::22/"), patience);
    expect(performance.now() - changedAt).toBeLessThan(15_000);
    await until("it counts what it hears", () => (one.health?.places[0]?.heard ?? 0) > 0, patience);
    expect(one.health?.places[0]?.failure).toBeUndefined(); // while the address was tentative nothing could be sent
    expect(one.health?.places).toMatchObject([{ interface: "eth0", family: "v6", loopback: false }]);
  },
);

test("packets of mDNS that this machine drops are told from nobody being there", { timeout: 120_000 }, async (ctx) => {
  const missing = missingForLan() ?? (spawnSync("nft", ["--version"]).error === undefined ? undefined : "needs nft(8)");
  ctx.skip(missing !== undefined, `network namespaces with nft: ${missing ?? ""}`);
  const lan = newLan();
  const [free, barred] = [lan.addHost("10.77.0.1/24"), lan.addHost("10.77.0.2/24")];
  const rule = "table inet barred { chain in { type filter hook input priority 0; udp dport 5353 drop; }; }";
  run("ip", ["netns", "exec", barred, "nft", rule]);
  const [alone, blocked] = [new Probe(free, 1, "v4"), new Probe(barred, 2, "v4")];
  await until(
    "the one misses its own packets",
    () => blocked.health !== undefined && mdnsBlocked(blocked.health) !== undefined,
    { ...patience, seen: () => blocked.health },
  );
  await until(
    "the other hears itself",
    () => (alone.health?.places.find((place) => !place.loopback)?.echoes ?? 0) > 0,
    patience,
  );
  expect(mdnsBlocked(alone.health as MdnsHealth)).toBeUndefined();
  expect(blocked.found.size).toBe(0);
  run("ip", ["netns", "exec", barred, "nft", "delete table inet barred"]);
  await until("once they pass, the other is found", () => blocked.has("/10.77.0.1/"), patience);
  const isFree = (): boolean => blocked.health !== undefined && mdnsBlocked(blocked.health) === undefined;
  await until("and nothing is missed any more", isFree, patience);
});
