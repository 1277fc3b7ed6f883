/**
 * Limits of the disk under running nodes: puts are refused before the disk is full or the store over its limit,
 * the node runs on, what peers have waits, and all recovers by itself.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Fault } from "../../src/base/fault.ts";
import type { HealthCheck, LimitStatus, NodeFacade, WriteOp } from "../../src/node/facade.ts";
import { addressOf, createFleet } from "../support/in-process.ts";
import { MemoryDisk, missingForMemoryDisk } from "../support/loop-disk.ts";
import { until } from "../support/until.ts";

const missing = missingForMemoryDisk();

const MiB = 2 ** 20;
const value = new Uint8Array(60_000).fill(118);
const sizeOf = (folder: string): number =>
  readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);

const puts = (n: number): readonly WriteOp[] =>
  Array.from({ length: 8 }, (_, i) => ({ type: "put", key: `k${n}-${i}`, value }));
const deletes = (n: number): readonly WriteOp[] =>
  Array.from({ length: 8 }, (_, i) => ({ type: "delete", key: `k${n}-${i}` }));

/** Batches of eight values of 60 kB until one is refused for want of room, or so many; how many were written. */
async function fill(node: NodeFacade, max = 1_000): Promise<number> {
  for (let n = 0; n < max; n++) {
    try {
      await node.batch(puts(n));
    } catch (error) {
      if (error instanceof Fault && error.code === "disk_budget") return n;
      throw error;
    }
  }
  return max;
}

async function limit(node: NodeFacade, setting: string): Promise<LimitStatus | undefined> {
  return (await node.status()).limits.find((each) => each.setting === setting);
}

async function limitsCheck(node: NodeFacade): Promise<HealthCheck | undefined> {
  return (await node.health()).checks.find(({ name }) => name === "limits");
}

test(
  "a disk is never full: puts are refused first, deletes go on, and with room again puts too",
  { timeout: 180_000 },
  async (ctx) => {
    ctx.skip(missing !== undefined, `a disk of its own: ${missing ?? ""}`);
    const folder = mkdtempSync(join(tmpdir(), "p2p-sync-budget-"));
    const disk = new MemoryDisk(join(folder, "disk"), 64);
    try {
      await using fleet = createFleet();
      const { facade: node } = await fleet.start("a", { dataDir: `${disk.path}/node`, limitsDiskReserve: "16MiB" });
      expect(await fill(node)).toBeGreaterThan(10);
      await expect(node.put("more", value)).rejects.toMatchObject({
        code: "disk_budget",
        message: expect.stringMatching(/are free .* limits\.disk_reserve keeps 16 MiB/) as string,
      });
      const free = await limit(node, "limits.disk_reserve");
      expect([free?.state, (free?.used ?? 0) > 8 * MiB]).toEqual(["refusing", true]);
      expect(await limitsCheck(node)).toMatchObject({ status: "degraded" });
      await node.delete("k0-0");
      expect((await node.get("k1-0"))?.value).toHaveLength(value.length);
      disk.grow(256);
      await until("the room is seen", async () => (await limitsCheck(node))?.status === "ok");
      await node.put("more", value);
    } finally {
      disk.release();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

test(
  "a store stays within max_disk also under what peers have, its links stand, and deletes make room",
  { timeout: 180_000 },
  async () => {
    await using fleet = createFleet();
    const rich = await fleet.start("rich");
    const poor = await fleet.start("poor", { p2pDial: [addressOf(rich)], limitsMaxDisk: "40MiB" });
    const store = join(poor.facade.info().dataDir, "store");
    await until("they are linked", async () => (await poor.facade.status()).peers === 1);
    await fill(rich.facade, 100); // 48 MB
    const heldOff = async (): Promise<boolean> =>
      (await limit(poor.facade, "limits.max_disk"))?.message.includes("waits") === true;
    await until("it holds off", heldOff, { deadlineMs: 60_000, seen: () => sizeOf(store) });
    await expect(poor.facade.put("more", value)).rejects.toMatchObject({ code: "disk_budget" });
    const { members } = await rich.facade.converged();
    expect(members).toMatchObject([{ peer: poor.facade.info().peerId, state: "differs", full: true }]);
    const here = await poor.facade.converged();
    expect(here).toMatchObject({ converged: false, full: expect.stringContaining("limits.max_disk") as string });
    expect(here.members).toMatchObject([{ full: false }]);
    expect(sizeOf(store)).toBeLessThan(40 * MiB);
    for (let n = 0; n < 100; n++) await rich.facade.batch(deletes(n));
    const converged = async (): Promise<boolean> =>
      (await poor.facade.status()).root === (await rich.facade.status()).root;
    await until("they are equal", converged, { deadlineMs: 100_000 });
    expect(await limit(poor.facade, "limits.max_disk")).toMatchObject({ state: "ok" });
    expect(await rich.facade.converged()).toMatchObject({ converged: true, members: [{ full: false }] });
    expect(sizeOf(store)).toBeLessThan(40 * MiB);
    expect((await poor.facade.status()).counters.total_connections).toBe(1);
    await poor.facade.put("more", value);
  },
);
