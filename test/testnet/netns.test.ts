/** A testnet whose nodes are hosts of their own: packets that are dropped, not links that are closed. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readRecord } from "../../src/cli/testnet/files.ts";
import { cutRules, missingForNetns, removeNamespaces } from "../../src/cli/testnet/netns.ts";
import { command } from "../support/real-node.ts";
import { until } from "../support/until.ts";
import { OwnTestnet } from "./own-testnet.ts";

function namespaces(tag: string): readonly string[] {
  const listed = spawnSync("ip", ["netns", "list"], { encoding: "utf8" }).stdout.split("\n");
  return listed.map((line) => line.split(" ")[0] ?? "").filter((name) => name.startsWith(tag));
}

test(
  "cut by dropped packets and healed, one set of data; down leaves no namespace",
  { timeout: 90_000 },
  async (ctx) => {
    const missing = missingForNetns();
    ctx.skip(missing !== undefined, `network namespaces with packet filters: ${missing ?? ""}`);
    await using net = new OwnTestnet();
    await net.must("up", "--nodes", "3", "--netns", "--set", "sync.interval_seconds=1");
    const netns = readRecord(net.dir)?.netns;
    if (netns === null || netns === undefined) throw new Error("the testnet has no namespaces");
    ctx.onTestFinished(() => removeNamespaces(netns));
    expect(namespaces(netns.tag)).toHaveLength(4);
    const put = (node: number, key: string, value: string): number | null => {
      const words = ["netns", "exec", `${netns.tag}n${node}`, command, "put", key, value];
      return spawnSync("ip", [...words, "--data-dir", join(net.dir, "data", `node${node}`)]).status;
    };
    const entries = async (): Promise<string> => (await net.views()).map((view) => view.entries).join();
    expect(put(1, "before", "1")).toBe(0);
    await until("all have it", async () => (await entries()) === "1,1,1");
    await net.must("partition", "1,2|3");
    expect(put(1, "left", "L")).toBe(0);
    expect(put(3, "right", "R")).toBe(0);
    await until("the larger side shares", async () => (await entries()).startsWith("2,2"));
    await new Promise((resolve) => setTimeout(resolve, 1_500)); // a pull and its answer would have come by now
    const roots = (await net.views()).map(({ root }) => root);
    expect([await entries(), roots[0] === roots[1], roots[1] === roots[2]]).toEqual(["2,2,2", true, false]);
    await net.must("heal");
    const converged = async (): Promise<boolean> =>
      (await entries()) === "3,3,3" && new Set((await net.views()).map(({ root }) => root)).size === 1;
    await until("all hold the same three entries", converged, { deadlineMs: 30_000 });
    await net.must("down");
    expect([namespaces(netns.tag), net.running()]).toEqual([[], []]);
  },
);

test("every cut pair is dropped both ways, and nothing else", () => {
  const rules = cutRules({ tag: "t", subnet: "10.99.1" }, [[1, 3]]);
  expect(rules.match(/drop/g)).toHaveLength(2);
  expect(rules).toContain("ip saddr 10.99.1.1 ip daddr 10.99.1.3 drop");
  expect(rules).toContain("ip saddr 10.99.1.3 ip daddr 10.99.1.1 drop");
});
