/**
 * Import and export through the command, against nodes with a disk: everything in, out, and equal,
 * in both formats, and from one node to another.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { defaultConfig } from "../../src/config/settings.ts";
import type { NodeFacade } from "../../src/node/facade.ts";
import { createRunningNode } from "../../src/node/running-node.ts";
import { type TestApi, startTestApi } from "../support/api-client.ts";
import { runAgainst } from "../support/run-against.ts";

const count = 10_000;
let folder: string;
const facades: NodeFacade[] = [];
const apis: TestApi[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "p2p-sync-transfer-"));
  for (const name of ["a", "b"]) {
    const { facade } = await createRunningNode({
      ...defaultConfig(),
      dataDir: join(folder, name),
      p2pPort: 0,
      p2pMdns: false,
      logLevel: "silent",
    });
    facades.push(facade);
    apis.push(await startTestApi({ facade }));
  }
}, 60_000);
afterAll(async () => {
  for (const api of apis) await api.close();
  for (const facade of facades) await facade.stop();
  rmSync(folder, { recursive: true, force: true });
});

const linesOf = (file: string): string[] => readFileSync(join(folder, file), "utf8").trim().split("\n");

test("ten thousand keys go in, come out equal, and through CSV into another node, values of any bytes included", async () => {
  const [a, b] = apis as [TestApi, TestApi];
  const expiresAt = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 86_400_000).toISOString();
  const lines = Array.from({ length: count }, (_, i) => {
    const key = `k/${String((i * 7_919) % count).padStart(5, "0")}`;
    if (i % 1_000 === 0) return JSON.stringify({ key, value: "/wA=", encoding: "base64" });
    if (i % 1_000 === 1) return JSON.stringify({ key, value: "brief", expiresAt });
    return JSON.stringify({ key, value: `value "${i}",\r\n of ${"x".repeat(i % 40)} ü` });
  });
  writeFileSync(join(folder, "in.jsonl"), `${lines.join("\n")}\n`);
  const imported = await runAgainst(a, ["import", join(folder, "in.jsonl"), "--json"]);
  expect([imported.code, JSON.parse(imported.out)]).toMatchObject([0, { imported: count, batches: 10 }]);
  const exported = await runAgainst(a, ["export", "--output", join(folder, "out.jsonl")]);
  expect(exported).toMatchObject({ code: 0, out: `${count} keys exported to ${join(folder, "out.jsonl")}\n` });
  const withoutTimes = (all: readonly string[]): string[] => all.map((line) => line.replace(/"expiresAt":"[^"]*"/, ""));
  expect(withoutTimes(linesOf("out.jsonl"))).toEqual(withoutTimes(lines.toSorted()));

  const csv = await runAgainst(a, ["export", "k/", "--format", "csv"]);
  writeFileSync(join(folder, "all.csv"), csv.out);
  const checked = await runAgainst(b, ["import", join(folder, "all.csv"), "--dry-run"]);
  expect(checked.out).toMatch(new RegExp(`^${count} keys checked, nothing written`));
  expect(await facades[1]?.page({ limit: 1 })).toMatchObject({ entries: [] });
  expect((await runAgainst(b, ["import", join(folder, "all.csv")])).code).toBe(0);
  const again = await runAgainst(b, ["export"]);
  expect(withoutTimes(again.out.trim().split("\n"))).toEqual(withoutTimes(linesOf("out.jsonl")));
  const stays = await facades[1]?.get(`k/${String(7_919 % count).padStart(5, "0")}`);
  expect(Math.abs((stays?.expiresAt ?? 0) - Date.parse(expiresAt))).toBeLessThan(5_000);
}, 120_000);

test("bad lines end an import with exit code 2 and the line, or 1 where they are passed over; input may come by a pipe", async () => {
  const [a] = apis as [TestApi];
  const text = '{"key":"e/1","value":"1"}\nnonsense\n{"key":"e/2","value":"2"}\n';
  const stopped = await runAgainst(a, ["import", "-"], text);
  expect(stopped).toMatchObject({ code: 2, err: expect.stringContaining("Line 2: no JSON") as string });
  expect((await runAgainst(a, ["list", "e/"])).out).toBe("KEY  VALUE\ne/1  1\n");
  const skipped = await runAgainst(a, ["import", "-", "--on-error", "skip", "--prefix", "p/"], text);
  expect(skipped).toMatchObject({ code: 1, err: expect.stringContaining("line 2 passed over") as string });
  expect((await runAgainst(a, ["list", "p/"])).out).toBe("KEY    VALUE\np/e/1  1\np/e/2  2\n");
  expect(await runAgainst(a, ["import", join(folder, "missing")])).toMatchObject({ code: 2 });
  expect(await runAgainst(a, ["export", "--format", "xml"])).toMatchObject({ code: 2 });
});
