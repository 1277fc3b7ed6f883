/** A value of one real node, proven against the root that another tells. */
import { spawn } from "node:child_process";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Nursery, type RealNode, command, untilMeshed } from "../support/real-node.ts";
import { until } from "../support/until.ts";

// Real processes on a machine that may be busy with others.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let nursery: Nursery;
beforeEach(() => void (nursery = new Nursery()));
afterEach(() => nursery.end());

/** The command as somebody runs it on that node's machine. */
async function run(node: RealNode, ...words: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(command, [...words, "--data-dir", node.process.options.dataDir]);
  let [out, err] = ["", ""];
  child.stdout.on("data", (data: Buffer) => (out += data.toString()));
  child.stderr.on("data", (data: Buffer) => (err += data.toString()));
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? -1, out, err }));
  });
}

const rootOf = async (node: RealNode): Promise<string> =>
  (JSON.parse((await run(node, "status", "--json")).out) as { root: string }).root;

test("what one node hands out holds against the root of another, until the sets differ", async () => {
  const a = await nursery.start("a");
  const b = await nursery.start("b", { dial: [a.address] });
  await untilMeshed([a, b]);
  await a.putAll(Array.from({ length: 40 }, (_, i) => [`k${i}`, `v${i}`] as const));
  await until("the roots are equal", async () => (await rootOf(a)) === (await rootOf(b)));
  const root = await rootOf(a);
  expect(await run(b, "get", "k7", "--proof", "--root", root)).toMatchObject({ code: 0, out: "v7" });
  expect(await run(b, "get", "none", "--proof", "--root", root)).toMatchObject({ code: 4, out: "" });
  await a.putAll([["k7", "later"]]);
  await until("the write has come", async () => (await rootOf(b)) !== root);
  const late = await run(b, "get", "k7", "--proof", "--root", root);
  expect(late).toMatchObject({
    code: 1,
    out: "",
    err: expect.stringContaining("the sets differ, or changed") as string,
  });
});
