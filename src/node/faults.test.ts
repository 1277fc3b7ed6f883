/** The test port of a node: who may have one, who may use it, and what it does to a node that runs. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { createFleet } from "../../test/support/in-process.ts";
import { until } from "../../test/support/until.ts";
import { type FaultSet, noFaults } from "../drivers/faults/fault-set.ts";
import type { RunningNode } from "./facade.ts";

afterEach(() => void vi.unstubAllEnvs());

const settings = { networkName: "testnet-unit", testFaultPort: true };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function portOf(node: RunningNode): string {
  return readFileSync(join(node.facade.info().dataDir, "faults.url"), "utf8").trim();
}

async function tell(node: RunningNode, faults: Partial<FaultSet>): Promise<void> {
  const { status } = await fetch(`${portOf(node)}/faults`, {
    method: "PUT",
    headers: { authorization: `Bearer ${node.apiToken}` },
    body: JSON.stringify({ ...noFaults, ...faults }),
  });
  expect(status).toBe(200);
}

test("a network whose name does not begin with testnet cannot have a test port, whatever the environment says", async () => {
  vi.stubEnv("P2P_SYNC_TEST_FAULTS", "1");
  await using fleet = createFleet();
  await expect(fleet.start("a", { networkName: "friends", testFaultPort: true })).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringMatching(/must begin with "testnet"; it is "friends"/) as string,
  });
});

test("a testnet's node cannot have one either where the environment does not allow faults", async () => {
  vi.stubEnv("P2P_SYNC_TEST_FAULTS", "");
  await using fleet = createFleet();
  await expect(fleet.start("a", settings)).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringContaining("P2P_SYNC_TEST_FAULTS=1") as string,
  });
});

test("a node that was not told to has no test port", async () => {
  await using fleet = createFleet();
  const node = await fleet.start("a", { networkName: "testnet-unit" });
  expect(existsSync(join(node.facade.info().dataDir, "faults.url"))).toBe(false);
});

test("the test port wants the node's token, its own host and a whole set, and closes with the node", async () => {
  vi.stubEnv("P2P_SYNC_TEST_FAULTS", "1");
  await using fleet = createFleet();
  const node = await fleet.start("a", settings);
  const url = `${portOf(node)}/faults`;
  const authorization = `Bearer ${node.apiToken}`;
  expect(new URL(url).hostname).toBe("127.0.0.1");
  expect((await fetch(url)).status).toBe(401);
  expect((await fetch(url, { headers: { authorization: "Bearer wrong" } })).status).toBe(401);
  expect((await fetch(url, { headers: { authorization, origin: "http://evil.example" } })).status).toBe(403);
  expect((await fetch(`${url}/other`, { headers: { authorization } })).status).toBe(404);
  const bad = await fetch(url, { method: "PUT", headers: { authorization }, body: '{"cuts":[]}' });
  expect(bad.status).toBe(400);
  expect(await bad.json()).toMatchObject({ code: "invalid_argument" });
  expect(await (await fetch(url, { headers: { authorization } })).json()).toEqual(noFaults);
  await node.facade.stop();
  await expect(fetch(url)).rejects.toThrow(/fetch failed/);
});

test("a clock that is set off while the node runs shows in its stamps, and outlives a restart", async () => {
  vi.stubEnv("P2P_SYNC_TEST_FAULTS", "1");
  await using fleet = createFleet();
  const node = await fleet.start("a", settings);
  await tell(node, { clockOffsetMs: 20_000 });
  const { stamp } = await node.facade.put("k", bytes("v"));
  expect(stamp / 1_000 - Date.now()).toBeGreaterThan(18_000);
  await node.facade.stop();
  const again = await fleet.start("a", settings);
  const headers = { authorization: `Bearer ${again.apiToken}` };
  expect(await (await fetch(`${portOf(again)}/faults`, { headers })).json()).toMatchObject({ clockOffsetMs: 20_000 });
  await tell(again, { clockOffsetMs: 40_000 });
  expect((await again.facade.put("other", bytes("v"))).stamp / 1_000 - Date.now()).toBeGreaterThan(38_000);
});

test("a full disk refuses the write with disk_full, ends the node, and keeps what was acknowledged", async () => {
  vi.stubEnv("P2P_SYNC_TEST_FAULTS", "1");
  await using fleet = createFleet();
  const node = await fleet.start("a", settings);
  await node.facade.put("kept", bytes("v"));
  await tell(node, { diskFull: true });
  await expect(node.facade.put("lost", bytes("v"))).rejects.toMatchObject({ code: "disk_full" });
  expect(await node.stopped).toMatchObject({ code: "disk_full" });
  const full = await fleet.start("a", settings); // it starts, and the disk is still full
  await expect(full.facade.put("lost", bytes("v"))).rejects.toMatchObject({ code: "disk_full" });
  await full.stopped;
  const roomy = await fleet.start("a", settings);
  await tell(roomy, {});
  await roomy.facade.put("again", bytes("v"));
  expect(await roomy.facade.get("kept")).toBeDefined();
  expect(await roomy.facade.get("lost")).toBeUndefined();
});

test("two nodes that are cut off from each other share nothing until they are not", async () => {
  vi.stubEnv("P2P_SYNC_TEST_FAULTS", "1");
  await using fleet = createFleet();
  const a = await fleet.start("a", settings);
  const [address = ""] = a.facade.info().p2p;
  const b = await fleet.start("b", { ...settings, p2pDial: [address] });
  const linked = async (): Promise<boolean> => (await a.facade.status()).peers === 1;
  await until("the two are linked", linked);
  await tell(a, { cut: [b.facade.info().peerId] });
  await tell(b, { cut: [a.facade.info().peerId] });
  await until("the link is gone", async () => !(await linked()));
  await a.facade.put("k", bytes("v"));
  await b.facade.dial(address);
  await until("the dial has failed", () =>
    b.facade.peers().some(({ lastError }) => lastError?.reason.includes("cut off on purpose") === true),
  );
  expect(await b.facade.get("k")).toBeUndefined();
  await tell(a, {});
  await tell(b, {});
  await b.facade.dial(address);
  await until("the write has come across", async () => (await b.facade.get("k")) !== undefined);
});
