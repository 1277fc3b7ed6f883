/**
 * A running node seen from outside: health, liveness, metrics, and event streams that can be taken
 * up again where they broke off.
 */
import { rmSync } from "node:fs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Nursery, type RealNode, untilConverged, untilMeshed } from "../support/real-node.ts";
import { until } from "../support/until.ts";

// Real processes on a machine that may be busy with others.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let nursery: Nursery;
let node: RealNode;

beforeEach(async () => {
  nursery = new Nursery();
  node = await nursery.start("a");
});
afterEach(() => nursery.end());

async function withoutToken(path: string): Promise<Response> {
  return await fetch(new URL(path, node.url));
}

test.each(["/health", "/readyz"])("%s names every check, without a token", async (path) => {
  const answer = await withoutToken(path);
  const health = (await answer.json()) as {
    readonly status: string;
    readonly checks: readonly { readonly name: string; readonly status: string; readonly message: string }[];
  };
  expect(answer.status).toBe(200);
  expect(["ok", "degraded"]).toContain(health.status);
  expect(health.checks.map(({ name }) => name).sort()).toEqual([
    "clock",
    "discovery",
    "freshness",
    "limits",
    "listening",
    "network",
    "peers",
    "storage",
  ]);
  for (const { message } of health.checks) expect(message).not.toBe("");
});

test("health is degraded, and still 200, while a configured peer cannot be reached", async () => {
  const gone = await nursery.start("gone");
  await gone.stop();
  node = await nursery.start("lonely", { dial: [gone.address] });
  const answer = await withoutToken("/health");
  expect(answer.status).toBe(200);
  const health = (await answer.json()) as {
    readonly status: string;
    readonly checks: readonly { readonly name: string; readonly status: string; readonly message: string }[];
  };
  expect(health.status).toBe("degraded");
  expect(health.checks.find(({ name }) => name === "peers")?.status).toBe("degraded");
  const network = health.checks.find(({ name }) => name === "network");
  expect(network).toMatchObject({ status: "degraded", message: expect.stringMatching(/^critical: none of 1 known/) });
  expect((await node.metrics()).get("p2p_sync_network_health")).toBe(2);
});

test("livez answers without a token, and the data does not", async () => {
  const live = await withoutToken("/livez");
  expect(live.status).toBe(200);
  expect(await live.json()).toEqual({ status: "ok" });
  for (const path of ["/v1/status", "/v1/kv/k", "/v1/peers", "/v1/watch"])
    expect((await withoutToken(path)).status, path).toBe(401);
});

test("metrics are in Prometheus' form, each family with help and type, and follow what happens", async () => {
  const text = await (await withoutToken("/metrics")).text();
  const families = [...text.matchAll(/^# TYPE (\S+) (counter|gauge|histogram|summary)$/gm)].map(
    ([, name]) => name ?? "",
  );
  for (const family of families) expect(text, family).toMatch(new RegExp(`^# HELP ${family} .`, "m"));
  const wanted = [
    "total_connections",
    "bytes_sent",
    "entries",
    "batches_merged_total",
    "goodbyes_total",
    "handshake_success_rate",
    "handshake_failure_reasons",
    "active_connections",
    "max_connections",
    "reconnection_attempts_per_peer",
    "network_partition_events",
    "blockchain_height_distribution",
    "dials_total",
    "disconnects_total",
    "write_seconds",
    "state_seconds",
  ];
  for (const name of wanted) expect(families).toContain(`p2p_sync_${name}`);
  expect(new Set(families).size).toBe(families.length);
  await node.put("k", "v");
  await node.put("k2", "v");
  await node.delete("k2");
  const metrics = await node.metrics();
  expect(metrics.get("p2p_sync_entries")).toBe(1);
  expect(metrics.get('p2p_sync_batches_merged_total{via="local"}')).toBe(3);
  expect(metrics.get("p2p_sync_write_seconds_count")).toBe(3);
  expect(metrics.get("p2p_sync_max_connections")).toBe(50);
  expect(metrics.get('p2p_sync_reconnection_attempts_per_peer{stat="max"}')).toBe(0);
});

test("a watch tells local and remote changes in order, and resumes behind its last event without gap or repeat", async () => {
  const other = await nursery.start("b", { dial: [node.address] });
  await untilMeshed([node, other]);
  const first = await node.watch("w/");
  await node.put("w/1", "local");
  await node.put("elsewhere", "not watched");
  await other.put("w/2", "remote");
  const last = await first.first("w/2", ({ key }) => key === "w/2");
  expect(first.received.map(({ data }) => [data.type, data.key, data.value])).toEqual([
    ["put", "w/1", "local"],
    ["put", "w/2", "remote"],
  ]);
  first.close();
  await other.put("w/3", "missed");
  await node.delete("w/1");
  await until("all is there", async () => (await node.get("w/3")) === "missed");
  const resumed = await node.watch("w/", last.id);
  await node.put("w/4", "after");
  await resumed.first("w/4", ({ key }) => key === "w/4");
  const told = resumed.received.map(({ data }) => `${data.type} ${data.key}`);
  expect(told.at(-1)).toBe("put w/4");
  expect([...told].sort()).toEqual(["delete w/1", "put w/3", "put w/4"]);
  const positions = resumed.received.map(({ data }) => data.position);
  expect(positions).toEqual([...positions].sort((x, y) => x - y));
  expect(positions[0]).toBeGreaterThan(last.data.position);
});

test("a value with a time to live is gone on every node when it is over, watchers are told, and no root changes", async () => {
  const other = await nursery.start("b", { dial: [node.address] });
  await untilMeshed([node, other]);
  const watches = await Promise.all([node.watch("ttl/"), other.watch("ttl/")]);
  await node.put("ttl/long", "stays", "ttl=3600");
  await node.put("ttl/renewed", "1", "ttl=1");
  await other.put("ttl/brief", "goes", "ttl=1");
  await untilConverged([node, other]);
  await other.put("ttl/renewed", "2", "ttl=3600");
  const root = await untilConverged([node, other]);
  for (const watch of watches) await watch.first("expire", ({ type }) => type === "expire");
  for (const each of [node, other]) {
    expect(await each.get("ttl/brief")).toBeUndefined();
    expect([...(await each.all("ttl/"))]).toEqual([
      ["ttl/long", "stays"],
      ["ttl/renewed", "2"],
    ]);
  }
  const told = watches.map(({ received }) => received.filter(({ data }) => data.type === "expire"));
  expect(told.map((events) => events.map(({ data }) => [data.key, data.value]))).toEqual(
    Array.from({ length: 2 }, () => [["ttl/brief", null]]),
  );
  expect(await untilConverged([node, other])).toBe(root);
});

test("what expired while the node was down is told to a watch that resumes; a place in a lost store is a gap", async () => {
  const watch = await node.watch();
  await node.put("brief", "x", "ttl=1");
  await node.put("k", "v");
  const seen = await watch.first("k", ({ key }) => key === "k");
  await node.kill();
  node = await nursery.start("a");
  const resumed = await node.watch("", seen.id);
  const expired = await resumed.first("the expiry", ({ type }) => type === "expire");
  expect(expired.data).toMatchObject({ key: "brief", value: null });
  await node.stop();
  rmSync(nursery.dataDirOf("a"), { recursive: true });
  node = await nursery.start("a");
  for (const place of [seen.id ?? "", seen.data.position]) {
    const answer = await node.ask("GET", "/v1/watch", { headers: { "last-event-id": String(place) } });
    expect([answer.status, answer.json()]).toMatchObject([410, { code: "watch_gap" }]);
  }
});

test("a watch resumes across a restart of the node", async () => {
  const watch = await node.watch();
  await node.put("k", "before");
  const seen = await watch.first("k", ({ key }) => key === "k");
  await node.kill();
  node = await nursery.start("a");
  await node.put("k2", "after");
  const resumed = await node.watch("", seen.id);
  const next = await resumed.first("k2", ({ key }) => key === "k2");
  expect(resumed.received.indexOf(next)).toBe(0);
});
