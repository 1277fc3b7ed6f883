/**
 * The system's clock jumps under a running node, by libfaketime: back it loses no write its place,
 * an hour ahead among three peers it makes the node refuse writes until it is right again.
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Nursery, type RealNode, untilConverged, untilMeshed } from "../support/real-node.ts";
import { until } from "../support/until.ts";

const library = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64"]
  .map((folder) => join(folder, "faketime/libfaketimeMT.so.1"))
  .find((file) => existsSync(file));

let nursery: Nursery;

beforeEach(() => void (nursery = new Nursery()));
afterEach(() => nursery.end());

/** A node whose clock follows the returned function, such as `-10m` or `+1h`. */
async function startMovable(
  name: string,
  dial: readonly string[],
): Promise<{ node: RealNode; moveClock: (by: string) => void }> {
  const file = join(nursery.folder, `${name}.clock`);
  const moveClock = (by: string): void => writeFileSync(file, `${by}\n`);
  moveClock("+0");
  const environment = {
    LD_PRELOAD: library ?? "",
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
    P2P_SYNC_SYNC_INTERVAL_SECONDS: "1",
  };
  return { node: await nursery.start(name, { dial, environment }), moveClock };
}

test("after the clock went back ten minutes a newer write is still the newer one, and what comes from the future waits visibly", async (ctx) => {
  ctx.skip(library === undefined, "libfaketime is not installed: the clock of a process cannot be moved");
  const peer = await nursery.start("peer");
  const { node, moveClock } = await startMovable("moved", [peer.address]);
  await untilMeshed([node, peer]);
  const first = await node.put("k", "before");
  moveClock("-10m");
  const second = await node.put("k", "after");
  const other = await node.put("other", "after");
  expect(second.stamp).toBeGreaterThan(first.stamp);
  expect(other.stamp).toBeGreaterThan(second.stamp);
  await until("the peer reads the newer", async () => (await peer.get("k")) === "after");
  await peer.put("k", "by the peer"); // ten minutes ahead, seen from the node
  await until("it is held back, visibly", async () => (await node.status()).heldBack === 1);
  expect(await node.get("k")).toBe("after");
  moveClock("+0");
  await until("its time has come", async () => (await node.get("k")) === "by the peer");
  expect((await node.status()).heldBack).toBe(0);
  await node.delete("k");
  await until(
    "it is gone on both",
    async () => (await peer.get("k")) === undefined && (await node.get("k")) === undefined,
  );
  await untilConverged([node, peer], 1);
});

test(
  "an hour ahead of three peers a node refuses writes and says why, and takes them again when its clock is right",
  { timeout: 60_000 },
  async (ctx) => {
    ctx.skip(library === undefined, "libfaketime is not installed: the clock of a process cannot be moved");
    const peers: RealNode[] = [];
    for (const name of ["a", "b", "c"]) {
      const environment = { P2P_SYNC_SYNC_INTERVAL_SECONDS: "1" };
      peers.push(await nursery.start(name, { dial: peers.map(({ address }) => address), environment }));
    }
    const { node, moveClock } = await startMovable(
      "moved",
      peers.map(({ address }) => address),
    );
    await untilMeshed([node, ...peers]);
    await node.put("k", "in time");
    moveClock("+1h");
    await until("it doubts its clock", async () => (await node.status()).clock.refusingWrites, { deadlineMs: 15_000 });
    const refused = await node.ask("PUT", "/v1/kv/k", { body: "too early" });
    expect(refused.status).toBe(503);
    expect(refused.json()).toMatchObject({ code: "clock_refused" });
    expect((await node.ask("GET", "/health")).status).toBe(503);
    await peers[0]!.put("k", "by a peer");
    await until("it still learns", async () => (await node.get("k")) === "by a peer");
    moveClock("+0");
    await until("it trusts its clock again", async () => !(await node.status()).clock.refusingWrites, {
      deadlineMs: 15_000,
    });
    await node.put("k", "right again");
    for (const peer of peers) await until(`${peer.name} reads it`, async () => (await peer.get("k")) === "right again");
    await untilConverged([node, ...peers], 1);
  },
);
