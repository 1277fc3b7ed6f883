/**
 * Nodes inside the test's own process, for tests that look into them: ports picked, no mDNS, a
 * network and folder of their own, everything stopped and removed at the end.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Config, defaultConfig } from "../../src/config/settings.ts";
import type { RunningNode } from "../../src/node/facade.ts";
import { createRunningNode } from "../../src/node/running-node.ts";

export interface Fleet extends AsyncDisposable {
  /** Starts a node in the folder of that name, made at its first start. */
  start(name: string, settings?: Partial<Config>): Promise<RunningNode>;
}

export function createFleet(): Fleet {
  const root = mkdtempSync(join(tmpdir(), "p2p-sync-fleet-"));
  const networkName = `fleet-${root.slice(-6).toLowerCase()}`;
  const running: RunningNode[] = [];
  return {
    async start(name, settings = {}) {
      const config: Config = {
        ...defaultConfig(),
        networkName,
        dataDir: join(root, name),
        p2pPort: 0,
        p2pListen: ["127.0.0.1"],
        p2pMdns: false,
        logLevel: "error",
        ...settings,
      };
      const node = await createRunningNode(config);
      running.push(node);
      return node;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(running.map(({ facade }) => facade.stop()));
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** The address to dial a node by. */
export function addressOf(node: RunningNode): string {
  const [address] = node.facade.info().p2p;
  if (address === undefined) throw new Error("the node listens nowhere");
  return address;
}
