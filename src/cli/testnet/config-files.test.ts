/** The nodes' files are whole configurations that pass the same check as any other. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { runCommand } from "../../../test/support/command.ts";
import { checkConfigFile, parseSetting, writeConfigFiles } from "./config-files.ts";
import type { NodeRecord, TestnetRecord } from "./files.ts";
import { noWishes } from "./wishes.ts";

const peers = [
  "12D3KooWFnogpsgHRtjbLzyPc3Y3XCP3PffCyZzc9tfF9QxkjfHA",
  "12D3KooWLavCHPno9jKJP19JW4Li1GMewayHJtvDRAmji2Sp7PfQ",
  "12D3KooWHhnm9AhKDeQgrZ6dKnYKvKJxAXTqFykY2YdiafJJSD9J",
];

function record(settings: Record<string, string> = {}): TestnetRecord {
  const nodes = peers.map((peer, place) => ({
    number: place + 1,
    peer: peer as NodeRecord["peer"],
    p2p: 8001 + place,
    http: 9001 + place,
    host: "127.0.0.1",
  }));
  const bases = { p2p: 8001, http: 9001 };
  return { layout: 1, network: "testnet-abc", settings, netns: null, bases, nodes, wishes: noWishes };
}

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), "p2p-sync-testnet-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}

test("each file has its own ports, folder and network, and names all other nodes as bootstrap peers", () => {
  const dir = folder();
  writeConfigFiles(dir, record({ "sync.interval_seconds": "2" }));
  for (const n of [1, 2, 3]) {
    const config = checkConfigFile(join(dir, `modular-node${n}.toml`));
    expect(config).toMatchObject({
      networkName: "testnet-abc",
      p2pPort: 8000 + n,
      httpPort: 9000 + n,
      dataDir: join(dir, "data", `node${n}`),
      logFile: join(dir, "logs", `node${n}.log`),
      p2pListen: ["127.0.0.1"],
      p2pMdns: false,
      syncIntervalSeconds: 2,
      testFaultPort: false,
    });
    const others = [1, 2, 3].filter((other) => other !== n);
    expect(config.p2pDial).toEqual(others.map((other) => `/ip4/127.0.0.1/tcp/${8000 + other}/p2p/${peers[other - 1]}`));
  }
  expect(readFileSync(join(dir, "modular-node1.toml"), "utf8")).toMatch(/^\[network\]/m);
});

test("the command config check says the same: ok, and with a mistake the file and line", async () => {
  const dir = folder();
  writeConfigFiles(dir, record());
  const file = join(dir, "modular-node2.toml");
  const good = await runCommand(["config", "check", "--config", file]);
  expect(good).toMatchObject({ code: 0, out: `ok: ${file}\n` });
  writeFileSync(file, readFileSync(file, "utf8").replace("port = 8002", "port = 80020"));
  const bad = await runCommand(["config", "check", "--config", file]);
  expect(bad.code).toBe(2);
  expect(bad.err).toMatch(/modular-node2\.toml:\d+: p2p\.port must be from 0 to 65535/);
  expect(() => checkConfigFile(file)).toThrow(/modular-node2\.toml:\d+: p2p\.port/);
});

test("settings for all nodes are checked as words, and hidden ones are refused", () => {
  expect(parseSetting("sync.interval_seconds=5")).toEqual(["sync.interval_seconds", "5"]);
  expect(() => parseSetting("sync.interval_seconds=0")).toThrow(/from 1 to 3600/);
  for (const text of ["nothing=1", "p2p.port", "test.drop_gossip=true"])
    expect(() => parseSetting(text)).toThrow(/KEY=VALUE/);
});
