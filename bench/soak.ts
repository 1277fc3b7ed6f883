/**
 * `npm run soak`: one node under steady writes, overwrites, deletes, expiring values and watchers, beside a peer that
 * comes and goes, for minutes or for days. Prints what the node holds after a full collection, and exits 1 where that grows
 * faster than `growthMax` allows (`soak/trend.ts`), 2 for a wrong flag.
 *
 * `npm run soak -- --minutes 10 --rate 100 --leak` keeps on purpose all that its watchers are told, and must exit 1.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { AskedProcess } from "./asked-process.ts";
import { nowMs, pause, until } from "./clock.ts";
import type { SoakCommands } from "./soak/commands.ts";
import { growsTooFast, growthMax, type Look, looksMin, trendOf } from "./soak/trend.ts";

const usage = "usage: npm run soak [-- --minutes N (default 30) --rate WRITES_PER_SECOND (default 100) --leak]";
const file = join(import.meta.dirname, "soak/soak-node-worker.ts");
const networkName = "soak";
/** Keys that are written over and over. Guess: enough that pages of the trie come and go. */
const keys = 5_000;
const watchers = 4;
/** Looks at what is held, over the whole time. */
const looks = 40;
/** Share of the time that does not count: caches and machine code fill. Source: what is resident still grew after 5 min at 100 writes a second. */
const warmUpShare = 0.5;
/** How long the peer stays, and how long it is away. */
const peerMs = { there: 8_000, away: 2_000 } as const;

interface Wanted {
  readonly minutes: number;
  readonly rate: number;
  readonly leak: boolean;
}

function readArguments(): Wanted | undefined {
  try {
    const options = { minutes: { type: "string" }, rate: { type: "string" }, leak: { type: "boolean" } } as const;
    const { minutes = "30", rate = "100", leak = false } = parseArgs({ options }).values;
    const wanted = { minutes: Number(minutes), rate: Number(rate), leak };
    return wanted.minutes > 0 && wanted.rate > 0 ? wanted : undefined;
  } catch {
    return undefined; // the usage says which flags there are
  }
}

class Soak {
  readonly #folder = mkdtempSync(join(tmpdir(), "p2p-sync-soak-"));
  readonly #processes = new Set<AskedProcess<SoakCommands>>();
  #isOver = false;

  start(): AskedProcess<SoakCommands> {
    const started = new AskedProcess<SoakCommands>({ file });
    this.#processes.add(started);
    started.child.once("exit", () => this.#processes.delete(started));
    return started;
  }

  folderOf(name: string): string {
    return join(this.#folder, name);
  }

  /** A peer that reads, writes a little and leaves, again and again. */
  async comeAndGo(address: string, rate: number): Promise<void> {
    while (!this.#isOver) {
      const peer = this.start();
      await peer.ask("start", { dataDir: this.folderOf("peer"), networkName, dial: [address] });
      await peer.ask("write", { perSecond: rate / 10, keys: keys / 10, prefix: "peer/" });
      await pause(peerMs.there);
      if (this.#isOver) return; // whoever ends the soak stops it
      await peer.ask("stop", undefined);
      await pause(peerMs.away);
    }
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.allSettled([...this.#processes].map((each) => each.ask("stop", undefined, undefined, 10_000)));
    for (const { child } of this.#processes) child.kill("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function run({ minutes, rate, leak }: Wanted): Promise<number> {
  const soak = new Soak();
  process.once("SIGINT", () => void soak.end().finally(() => process.exit(130)));
  try {
    const node = soak.start();
    const { address } = await node.ask("start", { dataDir: soak.folderOf("node"), networkName, dial: [] });
    await node.ask("watch", { count: watchers, leaks: leak });
    await node.ask("write", { perSecond: rate, keys, prefix: "own/" });
    const visits = soak.comeAndGo(address, rate);
    visits.catch(() => undefined); // seen below
    console.log(
      `for ${minutes} min: ${rate} writes/s over ${keys} keys, ${watchers} watchers, a peer that comes and goes`,
    );
    console.log("minutes  resident MB  heap MB  writes  heard");
    const [resident, heap]: [Look[], Look[]] = [[], []];
    const beganAt = nowMs();
    for (let look = 1; look <= looks; look++) {
      await Promise.race([until(beganAt + (look * minutes * 60_000) / looks), visits]);
      const { residentBytes, heapBytes, writes, heard } = await node.ask("held", undefined);
      const at = (nowMs() - beganAt) / 60_000;
      const [residentMb, heapMb] = [residentBytes / 1e6, heapBytes / 1e6];
      console.log(
        [
          at.toFixed(2).padStart(7),
          residentMb.toFixed(1).padStart(11),
          heapMb.toFixed(2).padStart(7),
          writes,
          heard,
        ].join("  "),
      );
      if (look <= looks * warmUpShare) continue;
      resident.push({ minutes: at, megabytes: residentMb });
      heap.push({ minutes: at, megabytes: heapMb });
    }
    return [judge("heap", heap), judge("resident", resident)].every(Boolean) ? 0 : 1;
  } finally {
    await soak.end();
  }
}

function judge(what: keyof typeof growthMax, held: readonly Look[]): boolean {
  const trend = trendOf(held);
  if (trend === undefined) throw new Error(`a trend needs ${looksMin} looks`);
  const isTooFast = growsTooFast(trend, growthMax[what]);
  const { slope, uncertainty } = trend;
  console.log(
    `${what}: ${slope.toFixed(1)} ± ${uncertainty.toFixed(1)} MB an hour, at most ${growthMax[what]} allowed: ${isTooFast ? "GROWS" : "ok"}`,
  );
  return !isTooFast;
}

const wanted = readArguments();
if (wanted === undefined) console.error(usage);
process.exitCode = wanted === undefined ? 2 : await run(wanted);
