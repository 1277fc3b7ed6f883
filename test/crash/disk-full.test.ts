/**
 * A disk that runs full under a node: it says so, stops cleanly, and with room again it starts and
 * has everything it had acknowledged.
 */
import { afterEach, beforeEach, expect, test } from "vitest";
import { MemoryDisk, missingForMemoryDisk } from "../support/loop-disk.ts";
import { Nursery } from "../support/real-node.ts";
import { complaintOf, Witness } from "./witness.ts";

/** The disk is to run full; with a reserve the node refuses puts before that (`disk-budget.test.ts`). */
const noReserve = { P2P_SYNC_LIMITS_DISK_RESERVE: "off" };
const missing = missingForMemoryDisk();
let nursery: Nursery;

beforeEach(() => void (nursery = new Nursery()));
afterEach(() => nursery.end());

test(
  "a full disk is named, stops the node with exit code 2, and loses nothing acknowledged",
  { timeout: 60_000 },
  async (ctx) => {
    ctx.skip(missing !== undefined, `a disk that runs full: ${missing ?? ""}`);
    const disk = new MemoryDisk(nursery.dataDirOf("disk"), 8);
    nursery.beforeRemoval(() => disk.release());
    const dataDir = `${disk.path}/node`;
    const witness = new Witness(16_384);
    const node = await nursery.start("a", { dataDir, environment: noReserve });
    node.process.endedOnPurpose = true; // it is meant to stop by itself
    const health = (await node.ask("GET", "/health")).json() as { readonly status: string };
    expect(health.status).toBe("critical"); // 8 MiB are next to nothing, and that is said before it is too late
    const refusal = await witness.writeUntilGone(node, "full");
    expect(refusal).toMatch(/507.*disk_full|ECONNREFUSED|ECONNRESET|socket hang up|503.*stopping/s);
    const exit = await node.process.exited;
    expect(exit).toMatchObject({ code: 2, signal: null });
    expect(node.process.stderr).toMatch(/disk_full|has no room/);
    expect(witness.acknowledged).toBeGreaterThan(10);

    const again = nursery.spawn("a", { dataDir, environment: noReserve });
    const started = await Promise.race([
      again.ready().then(() => "ready"),
      again.exited.then(({ code }) => `exit ${code}`),
    ]);
    expect(["ready", "exit 2"], again.stderr).toContain(started); // still full: it runs, or says why not
    again.signal("SIGTERM");
    await again.exited;

    disk.grow(256); // more than the reserve that is kept by default
    const back = await nursery.start("a", { dataDir });
    expect(complaintOf(witness.judge(await back.all()))).toBeUndefined();
    await back.put("room", "again");
    expect((await back.stop()).code).toBe(0);
  },
);

test("the writer that hits the full disk is answered with 507 and disk_full", { timeout: 60_000 }, async (ctx) => {
  ctx.skip(missing !== undefined, `a disk that runs full: ${missing ?? ""}`);
  const disk = new MemoryDisk(nursery.dataDirOf("disk"), 8);
  nursery.beforeRemoval(() => disk.release());
  const node = await nursery.start("a", { dataDir: `${disk.path}/node`, environment: noReserve });
  node.process.endedOnPurpose = true; // it is meant to stop by itself
  const value = "x".repeat(60_000);
  let answer = await node.ask("PUT", "/v1/kv/k0", { body: value });
  for (let n = 1; answer.status === 200; n++) answer = await node.ask("PUT", `/v1/kv/k${n}`, { body: value });
  expect(answer.status).toBe(507);
  expect(answer.json()).toMatchObject({ code: "disk_full" });
  expect((await node.process.exited).code).toBe(2);
});
