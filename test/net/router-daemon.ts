/**
 * miniupnpd in the namespace of a router: it forwards ports to hosts that ask for it, by NAT-PMP or by
 * UPnP, as home routers do.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Home } from "./internet.ts";
import { inside } from "./internet.ts";
import { run } from "./run.ts";

/** What is missing for a `RouterDaemon`, or undefined. */
export function missingForRouterDaemon(): string | undefined {
  const { error, stdout } = spawnSync("miniupnpd", ["--version"], { encoding: "utf8" });
  if (error !== undefined) return "needs the program miniupnpd";
  return stdout.includes("nftables") ? undefined : "needs a miniupnpd that works with nftables";
}

export class RouterDaemon implements AsyncDisposable {
  readonly #router: string;
  readonly #folder: string = mkdtempSync(join(tmpdir(), "p2p-sync-router-"));
  readonly #process: ChildProcess;

  constructor({ router, hostAddress }: Home, language: "NAT-PMP" | "UPnP") {
    this.#router = router;
    inside(router, "nft", chains);
    const file = join(this.#folder, "miniupnpd.conf");
    writeFileSync(file, configured(hostAddress, language));
    const command = ["netns", "exec", router, "miniupnpd", "-d", "-f", file, "-P", join(this.#folder, "pid")];
    this.#process = spawn("ip", command, { stdio: "ignore" });
  }

  /** Ports that are forwarded now, as the kernel has them. */
  forwarded(): readonly string[] {
    const rules = run("ip", ["netns", "exec", this.#router, "nft", "list", "chain", "inet", "upnp", "mapped"]);
    return [...rules.matchAll(/dport (\d+) .*dnat .*to ([0-9.]+:\d+)/g)].map(
      ([, outer, inner]) => `${outer} to ${inner}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#process, "close");
    this.#process.kill("SIGTERM");
    await ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function configured(hostAddress: string, language: "NAT-PMP" | "UPnP"): string {
  const inner = hostAddress.replace(/\.\d+$/, ".1");
  const yes = (is: boolean): string => (is ? "yes" : "no");
  return [
    "ext_ifname=wan",
    `listening_ip=${inner}/24`,
    "http_port=5000",
    `enable_natpmp=${yes(language === "NAT-PMP")}`,
    `enable_upnp=${yes(language === "UPnP")}`,
    "secure_mode=yes",
    "system_uptime=yes",
    "uuid=7b0ed2d8-8d0a-4c0e-9a5d-5e3f0c3a9b11",
    "upnp_table_name=upnp",
    "upnp_nat_table_name=upnp",
    "upnp_forward_chain=allowed",
    "upnp_nat_chain=mapped",
    "upnp_nat_postrouting_chain=mappedback",
    `allow 1024-65535 ${inner}/24 1024-65535`,
    "deny 0-65535 0.0.0.0/0 0-65535",
    "",
  ].join("\n");
}

/** The chains that the daemon writes its rules to, and the way into them. */
const chains = `
table inet upnp {
  chain allowed { }
  chain mapped { }
  chain mappedback { }
  chain forward { type filter hook forward priority filter; jump allowed; }
  chain prerouting { type nat hook prerouting priority dstnat; jump mapped; }
  chain postrouting { type nat hook postrouting priority srcnat + 1; jump mappedback; }
}`;
