/**
 * One node of a soak, in a process of its own: writes steadily, watches, and tells what it holds after a full collection.
 */
import { createNode, Fault, type Node } from "../../src/index.ts";
import { collectGarbage } from "../../src/drivers/system/collect-garbage.ts";
import { answerQuestions, type Handlers } from "../answering.ts";
import { pause } from "../clock.ts";
import type { SoakCommands } from "./commands.ts";

const valueBytes = 200;
/** Of ten writes: this many delete, and this many put a value that expires. */
const shares = { deletes: 2, expiring: 2 } as const;
const ttlSeconds = 5;
/** Time between two handfuls of writes. */
const handfulEveryMs = 100;

let running: Node | undefined;
const counts = { writes: 0, heard: 0 };
const kept: unknown[] = [];

function node(): Node {
  if (running === undefined) throw new Error("the node is not started");
  return running;
}

async function writeOnce(number: number, key: string): Promise<void> {
  const kind = Math.floor(number / 7) % 10; // so that a key has another fate each time its turn comes
  if (kind < shares.deletes) await node().delete(key);
  else {
    const value = new Uint8Array(valueBytes).fill(number % 251);
    await node().put(key, value, kind < shares.deletes + shares.expiring ? { ttlSeconds } : {});
  }
  counts.writes += 1;
}

const handlers: Handlers<SoakCommands> = {
  async start({ dataDir, networkName, dial }) {
    running = await createNode({
      ...{ networkName, dataDir, p2pDial: dial },
      ...{ p2pListen: ["127.0.0.1"], p2pPort: 0, p2pMdns: false },
      storageCacheMib: 8, // full soon, so that what grows later is no cache
    });
    return { address: running.info().p2p[0] ?? "" };
  },

  write({ perSecond, keys, prefix }) {
    void (async () => {
      for (let number = 0; ; await pause(handfulEveryMs)) {
        const handful = Array.from({ length: Math.ceil((perSecond * handfulEveryMs) / 1_000) }, () => number++);
        const done = await Promise.allSettled(
          handful.map((each) => writeOnce(each, `${prefix}${(each * 7_919) % keys}`)),
        );
        for (const each of done)
          if (each.status === "rejected") {
            if (each.reason instanceof Fault && each.reason.code === "stopping") return;
            throw each.reason;
          }
      }
    })();
  },

  watch({ count, leaks }) {
    for (let number = 0; number < count; number++)
      void (async () => {
        for await (const change of node().watch(number % 2 === 0 ? {} : { prefix: "peer/" })) {
          counts.heard += 1;
          if (leaks) kept.push({ ...change, value: change.value?.slice() });
        }
      })();
  },

  held() {
    collectGarbage();
    const { rss, heapUsed, external } = process.memoryUsage();
    return { residentBytes: rss, heapBytes: heapUsed + external, ...counts };
  },

  async stop() {
    await node().stop();
  },
};

answerQuestions<SoakCommands>(handlers, () => void running?.stop());
