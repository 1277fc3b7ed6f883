/**
 * The start of the command, and what it weighs when nothing happens. The first start on a machine
 * compiles the program, later ones find it compiled; both are told. Memory is the resident set of
 * the whole process, read from the kernel after some seconds without a peer.
 */
import { readFileSync } from "node:fs";
import type { Bench, Figure, Item } from "../figure.ts";
import { pause } from "../clock.ts";
import { startProduct, stopProduct } from "../product.ts";
import type { Fleet } from "../fleet.ts";

export const start: Item = {
  name: "start",
  async run(bench) {
    await using fleet = bench.newFleet();
    bench.progress.begin("start");
    const cold = await starts(bench, fleet, () => ({ ...process.env, NODE_COMPILE_CACHE: fleet.newFolder() }));
    const warm = await starts(bench, fleet, () => process.env);
    return [
      { name: "start → ready, program compiled before", unit: "ms", better: "lower", samples: warm, target: 1_500 },
      { name: "start → ready, very first start", unit: "ms", better: "lower", samples: cold, target: 1_500 },
      await idleMemory(bench, fleet),
    ];
  },
};

async function starts(bench: Bench, fleet: Fleet, environment: () => NodeJS.ProcessEnv): Promise<readonly number[]> {
  const samples: number[] = [];
  for (let i = 0; i < bench.sizes.starts; i++) {
    const product = await startProduct(fleet, { environment: environment() });
    samples.push(product.readyMs);
    await stopProduct(product);
    bench.progress.at(i + 1, bench.sizes.starts, "starts");
  }
  return samples;
}

async function idleMemory(bench: Bench, fleet: Fleet): Promise<Figure> {
  const { runs, sizes } = bench;
  bench.progress.begin("memory when idle");
  const samples: number[] = [];
  for (let run = 0; run < runs; run++) {
    const product = await startProduct(fleet);
    await pause(sizes.idleMs);
    samples.push(residentMb(product.child.pid as number));
    await stopProduct(product);
    bench.progress.at(run + 1, runs, "runs");
  }
  return {
    name: `resident memory, idle for ${sizes.idleMs / 1000} s`,
    unit: "MB",
    better: "lower",
    samples,
    target: 180,
  };
}

/** Source: proc_pid_status(5); VmRSS is in KiB. */
function residentMb(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return (Number(kib) * 1024) / 1e6;
}
