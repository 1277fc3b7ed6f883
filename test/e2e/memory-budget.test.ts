/**
 * A node that may take little memory, under much data at once from a peer and from its own users: it stays
 * within the limit, loses nothing, and ends with the same set as the others.
 */
import { existsSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { addressOf, createFleet } from "../support/in-process.ts";
import { Nursery, type RealNode } from "../support/real-node.ts";
import { until } from "../support/until.ts";

let nursery: Nursery;
beforeEach(() => void (nursery = new Nursery()));
afterEach(() => nursery.end());

const MiB = 2 ** 20;
/** Of eight values of 60 kB, from either side. */
const batches = 50;
const limitBytes = 256 * MiB;
const value = "v".repeat(60_000);

const residentBytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;

/** Four users at once; a refused one waits a moment, as it was told, and tries again. How often that was. */
async function write(node: RealNode, batches: number): Promise<number> {
  let next = 0;
  let refused = 0;
  const user = async (): Promise<void> => {
    while (next < batches) {
      const n = next++;
      const ops = Array.from({ length: 8 }, (_, i) => ({ put: { key: `own${n}-${i}`, value } }));
      const body = JSON.stringify({ ops });
      const headers = { "content-type": "application/json" };
      for (let answer = await node.ask("POST", "/v1/batch", { body, headers }); answer.status !== 200;) {
        expect(answer).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
        expect(["memory_budget", "overloaded"]).toContain((answer.json() as { readonly code: string }).code);
        refused += 1;
        await new Promise((resolve) => setTimeout(resolve, 200));
        answer = await node.ask("POST", "/v1/batch", { body, headers });
      }
    }
  };
  await Promise.all(Array.from({ length: 4 }, user));
  return refused;
}

test(
  "a node with little memory stays below its limit under a pull and writes, and becomes equal",
  { timeout: 240_000 },
  async (ctx) => {
    ctx.skip(!existsSync("/proc/self/status"), "resident memory of another process: needs /proc");
    await using fleet = createFleet();
    const rich = await fleet.start("rich");
    const bytes = new TextEncoder().encode(value);
    for (let n = 0; n < batches; n++)
      await rich.facade.batch(
        Array.from({ length: 8 }, (_, i) => ({ type: "put", key: `rich${n}-${i}`, value: bytes })),
      );
    const poor = await nursery.start("poor", {
      network: rich.facade.info().network.name,
      dial: [addressOf(rich)],
      flags: ["--max-memory", "256MiB"],
    });
    let peak = 0;
    const watching = setInterval(() => (peak = Math.max(peak, residentBytes(poor.process.pid))), 20);
    try {
      await write(poor, batches);
      const equal = async (): Promise<boolean> => (await rich.facade.status()).root === (await poor.status()).root;
      await until("both are equal", equal, { deadlineMs: 120_000 });
    } finally {
      clearInterval(watching);
    }
    expect((await rich.facade.status()).entries).toBe(2 * batches * 8);
    expect(peak / MiB).toBeLessThan((1.1 * limitBytes) / MiB);
    expect((await poor.status()).limits.find(({ setting }) => setting === "limits.max_memory")).toMatchObject({
      limit: limitBytes,
    });
    expect(poor.process.stderr).toContain("the room for memory changed"); // it was a load
  },
);
