import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultConfig } from "../src/config/settings.ts";
import { createRunningNode } from "../src/node/running-node.ts";
import { facadeContract } from "./support/facade-contract.ts";
import { createMemoryNode } from "./support/memory-facade.ts";

facadeContract("the node in memory", async () => {
  const { facade } = createMemoryNode();
  return { facade, close: () => facade.stop() };
});

facadeContract("the real node", async () => {
  const folder = mkdtempSync(join(tmpdir(), "p2p-sync-facade-"));
  const { facade } = await createRunningNode({
    ...defaultConfig(),
    dataDir: join(folder, "data"),
    p2pPort: 0,
    p2pMdns: false,
    logLevel: "silent",
  });
  return {
    facade,
    close: async () => {
      await facade.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
});
