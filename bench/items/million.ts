/**
 * One node with a million entries, of which nine in ten were written a second time in random order: what it takes on
 * disk and in memory, how fast its process starts, and how fast it reads uniformly over all of them after the restart,
 * in process and by HTTP, each value compared.
 */
import { readFileSync } from "node:fs";
import { Agent } from "node:http";
import { bytesIn } from "../bytes-in.ts";
import { nowMs, pause } from "../clock.ts";
import { type Bench, type Item, repeated } from "../figure.ts";
import type { Fleet } from "../fleet.ts";
import { send } from "../http-call.ts";
import { type Product, startProduct, stopProduct } from "../product.ts";
import { keyBytes, lastEntry, scattered, valueBytes } from "../workload.ts";

const set = "million";
const connections = 16;
/** Written again in random order, 2,000 to 6,000 entries a second: each touches pages of its own. */
const fillMsMax = 1_800_000;

export const million: Item = {
  name: "million",
  async run(bench) {
    const found = await repeated(bench, "a million entries", async (label) => {
      await using fleet = bench.newFleet();
      bench.progress.begin(label);
      const folder = await filled(bench, fleet);
      return {
        bytes: bytesIn(folder) / bench.sizes.millionEntries,
        ...(await inProcess(bench, fleet, folder)),
        ...(await byHttp(bench, fleet, folder)),
      };
    });
    return [
      {
        name: "bytes on disk per entry, nine in ten overwritten",
        unit: "B",
        better: "lower",
        samples: found.bytes,
        target: 2.5 * (keyBytes + valueBytes + 200),
      },
      {
        name: "process start → ready with this store",
        unit: "ms",
        better: "lower",
        samples: found.openMs,
        target: 2_000,
      },
      { name: "resident memory with this store, idle", unit: "MB", better: "lower", samples: found.idle, target: 350 },
      {
        name: "resident memory with this store, after the reads",
        unit: "MB",
        better: "lower",
        samples: found.read,
        target: 350,
      },
      {
        name: "point reads in process, uniform after a restart",
        unit: "/s",
        better: "higher",
        samples: found.gets,
        target: 100_000,
      },
      { name: "the same by processor time", unit: "/s", better: "higher", samples: found.cpuGets },
      {
        name: "point reads by HTTP, 16 connections, uniform after a restart",
        unit: "/s",
        better: "higher",
        samples: found.httpGets,
        target: 5_000,
      },
    ];
  },
};

async function filled({ sizes, progress }: Bench, fleet: Fleet): Promise<string> {
  const folder = fleet.newFolder();
  const writer = await fleet.node([], folder);
  const count = sizes.millionEntries;
  for (const overwrite of [false, true])
    await writer.ask(
      "fill",
      { set, count, overwrite },
      (done, total) => progress.at(done, total, overwrite ? "entries written again" : "entries"),
      fillMsMax,
    );
  await writer.stop();
  return folder;
}

async function inProcess(
  { sizes, progress }: Bench,
  fleet: Fleet,
  folder: string,
): Promise<Record<"gets" | "cpuGets", number>> {
  const node = await fleet.node([], folder);
  const { perSecond, perCpuSecond } = await node.ask(
    "getUniform",
    { set, count: sizes.millionEntries, reads: sizes.millionReads },
    (done, total) => progress.at(done, total, "reads"),
  );
  await node.stop();
  return { gets: perSecond, cpuGets: perCpuSecond };
}

async function byHttp(
  { sizes, progress }: Bench,
  fleet: Fleet,
  folder: string,
): Promise<Record<"openMs" | "idle" | "read" | "httpGets", number>> {
  const product = await startProduct(fleet, { dataDir: folder });
  await pause(sizes.idleMs);
  const idle = residentMb(product);
  const wanted = Array.from({ length: sizes.millionHttpReads }, (_, i) =>
    lastEntry(set, scattered(i, sizes.millionEntries)),
  );
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let next = 0;
  const readOn = async (): Promise<void> => {
    while (next < wanted.length) {
      const { key, value } = wanted[next++] as (typeof wanted)[number];
      const found = await send(product, agent, { method: "GET", path: `/v1/kv/${key}` });
      if (!found.equals(value)) throw new Error(`${key} is wrong by HTTP`);
      if (next % 1_000 === 0) progress.at(next, wanted.length, "reads by HTTP");
    }
  };
  const begunAt = nowMs();
  await Promise.all(Array.from({ length: connections }, readOn));
  const httpGets = (wanted.length / (nowMs() - begunAt)) * 1000;
  agent.destroy();
  const read = residentMb(product);
  await stopProduct(product);
  return { openMs: product.readyMs, idle, read, httpGets };
}

/** Source: proc_pid_status(5). */
function residentMb({ child }: Product): number {
  const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
}
