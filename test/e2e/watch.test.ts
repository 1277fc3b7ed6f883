/** A watcher outlives the node it watches: it goes on behind the last change, at whatever port the node is then. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { command, Nursery } from "../support/real-node.ts";
import { until } from "../support/until.ts";

let nursery: Nursery;
beforeEach(() => void (nursery = new Nursery()));
afterEach(() => nursery.end());

test("watch goes on behind the last change when the node is back", async () => {
  const first = await nursery.start("a");
  await first.put("before", "v");
  const flags = ["watch", "--json", "--after", "0", "--data-dir", nursery.dataDirOf("a")];
  const watcher = spawn(command, flags, { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(watcher, "close");
  let [out, errors] = ["", ""];
  watcher.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  watcher.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const seen = (): unknown => [out, errors];
  try {
    await until("the change is shown", () => out.includes("before"), { deadlineMs: 20_000, seen });
    first.process.signal("SIGKILL");
    await first.process.exited;
    await until("the watcher says that the node has gone", () => errors.includes("has gone"), { seen });
    const second = await nursery.start("a");
    await second.put("after", "v");
    await until("the next change is shown", () => out.includes("after"), { deadlineMs: 20_000, seen });
    const lines = out.trim().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { key: string }).key)).toEqual(["before", "after"]);
  } finally {
    watcher.kill("SIGTERM");
    await ended;
  }
});
