/**
 * Asking the nodes of a testnet: over their HTTP API as any client does, and over their test ports.
 * A node that does not run is told by its file instead, which it reads when it starts.
 */
import { existsSync, readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { StatusView } from "../../api/views.ts";
import { Fault } from "../../base/fault.ts";
import { faultUrlFile } from "../../drivers/faults/fault-server.ts";
import { type FaultSet, writeFaultFile } from "../../drivers/faults/fault-set.ts";
import { ask, askJson } from "../http-client.ts";
import type { Target } from "../target.ts";
import { dataDirOf, type NodeRecord } from "./files.ts";
import { findProcess } from "./processes.ts";

/** A node on this machine that says nothing for so long, in ms, is shown as silent. Guess: a hundred times what it needs. */
const statusMsMax = 3_000;
/** From the start of a process to its test port, in ms. Guess: ten times what one needs on an idle machine. */
const testPortMsMax = 10_000;

/** The way to one node; one with a network namespace of its own has to be entered first. */
export interface NodeAccess {
  readonly dir: string;
  /** Undefined where its 127.0.0.1 is ours. */
  entryTo(node: NodeRecord, port: number): Promise<(() => Socket) | undefined>;
}

async function apiOf(access: NodeAccess, node: NodeRecord): Promise<Target> {
  return await targetAt(access, node, node.http);
}

/** Undefined where it does not answer. */
export async function statusOf(access: NodeAccess, node: NodeRecord): Promise<StatusView | undefined> {
  try {
    return await askJson<StatusView>(await apiOf(access, node), {
      method: "GET",
      path: "/v1/status",
      withinMs: statusMsMax,
    });
  } catch (error) {
    if (error instanceof Fault && ["no_node", "stopping"].includes(error.code)) return undefined;
    throw error;
  }
}

/** The value under a key, or undefined. */
export async function valueAt(access: NodeAccess, node: NodeRecord, key: string): Promise<string | undefined> {
  const path = `/v1/kv/${encodeURIComponent(key)}`;
  const { status, body } = await ask(await apiOf(access, node), { method: "GET", path, expected: [404] });
  return status === 404 ? undefined : body.toString("utf8");
}

export async function putAt(access: NodeAccess, node: NodeRecord, key: string, value: string): Promise<void> {
  await ask(await apiOf(access, node), {
    method: "PUT",
    path: `/v1/kv/${encodeURIComponent(key)}`,
    body: Buffer.from(value),
  });
}

export async function deleteAt(access: NodeAccess, node: NodeRecord, key: string): Promise<void> {
  await ask(await apiOf(access, node), { method: "DELETE", path: `/v1/kv/${encodeURIComponent(key)}` });
}

/** Writes all pairs under one signature. */
export async function putAllAt(
  access: NodeAccess,
  node: NodeRecord,
  pairs: readonly (readonly [string, string])[],
): Promise<void> {
  const body = Buffer.from(JSON.stringify({ ops: pairs.map(([key, value]) => ({ put: { key, value } })) }));
  await ask(await apiOf(access, node), {
    method: "POST",
    path: "/v1/batch",
    body,
    headers: { "content-type": "application/json" },
  });
}

export async function dialFrom(access: NodeAccess, node: NodeRecord, address: string): Promise<void> {
  await ask(await apiOf(access, node), {
    method: "POST",
    path: "/v1/peers/dial",
    body: Buffer.from(JSON.stringify({ address })),
    headers: { "content-type": "application/json" },
  });
}

/** Puts a set of faults in force, now or, where the node does not run, from its next start on. */
export async function setFaults(access: NodeAccess, node: NodeRecord, faults: FaultSet): Promise<void> {
  const found = findProcess(access.dir, node.number);
  if (found?.state !== "running") return writeFaultFile(dataDirOf(access.dir, node.number), faults);
  await ask(await testPortOf(access, node), {
    method: "PUT",
    path: "/faults",
    body: Buffer.from(JSON.stringify(faults)),
    headers: { "content-type": "application/json" },
  });
}

/** A node that is just starting has read its file already and will have its port in a moment. */
async function testPortOf(access: NodeAccess, node: NodeRecord): Promise<Target> {
  const file = faultUrlFile(dataDirOf(access.dir, node.number));
  const end = performance.now() + testPortMsMax;
  while (!existsSync(file) && performance.now() < end) await wait(20);
  if (!existsSync(file))
    throw new Fault(
      "no_node",
      `Node ${node.number} runs without a test port: ${file} is missing. Start it with p2p-sync testnet restart ${node.number}.`,
    );
  return await targetAt(access, node, Number(new URL(readFileSync(file, "utf8").trim()).port));
}

async function targetAt(access: NodeAccess, node: NodeRecord, port: number): Promise<Target> {
  const file = join(dataDirOf(access.dir, node.number), "api-token");
  const token = existsSync(file) ? readFileSync(file, "utf8").trim() : undefined;
  const connect = await access.entryTo(node, port);
  return {
    url: `http://127.0.0.1:${port}`,
    token,
    from: undefined,
    ...(connect !== undefined && { connect }),
  };
}
