import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../../../test/support/until.ts";
import { followLogs, lastLines } from "./logs.ts";

test("the last lines are shown, then every whole line that is added, until the reader ends it", async () => {
  const dir = mkdtempSync(join(tmpdir(), "p2p-sync-logs-"));
  const [first, later] = [join(dir, "1.log"), join(dir, "2.log")];
  writeFileSync(first, "a\nb\nc\n");
  expect([lastLines(first, 2), lastLines(later, 2)]).toEqual([["b", "c"], []]);
  const seen: string[] = [];
  const stop = new AbortController();
  const following = followLogs(
    [first, later],
    (file, line) => void seen.push(`${file === first ? 1 : 2} ${line}`),
    stop.signal,
  );
  appendFileSync(first, "d\nhalf ä");
  await until("the whole line has come", () => seen.includes("1 d"));
  appendFileSync(first, " line\n");
  writeFileSync(later, "new\n");
  await until("all has come", () => seen.length === 3);
  expect([...seen].sort()).toEqual(["1 d", "1 half ä line", "2 new"]);
  stop.abort();
  await following;
  rmSync(dir, { recursive: true });
});
