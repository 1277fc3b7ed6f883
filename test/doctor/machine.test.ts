/**
 * What a machine can have that keeps a node from working, each made for real; the doctor, with no node running, names
 * that cause and no other.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createSocket } from "node:dgram";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Nursery } from "../support/real-node.ts";
import { examine, expectCause } from "./examine.ts";

let folder: string;
let servers: Server[];
let ends: (() => void)[];
let nursery: Nursery | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "p2p-sync-doctor-"));
  [servers, ends] = [[], []];
});
afterEach(async () => {
  await nursery?.end();
  nursery = undefined;
  for (const end of ends.toReversed()) end();
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A node that would start well. */
const well = (): string[] => ["--data-dir", join(folder, "data"), "--port", "0", "--http-port", "0", "--no-mdns"];

async function listen(host: string, meet: (socket: Socket) => void = () => undefined): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    meet(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return (server.address() as AddressInfo).port;
}

test("nothing: a machine on which a node would start", async () => {
  const { exit, view } = await examine(well());
  expect(view.causes).toEqual([]);
  expect(exit).toBe(0);
  expect(view.areas.map(({ name }) => name)).toContain("disk");
});

describe("ports", () => {
  test("port_held: the peers' port, with the program that holds it", async () => {
    const port = await listen("::");
    const found = await examine([...well(), "--port", `${port}`]);
    expectCause(
      found,
      "port_held",
      new RegExp(`p2p port ${port} \\(TCP\\) is held by .*node.*\\(process ${process.pid}\\)`),
    );
  });

  test("port_held: the HTTP port", async () => {
    const port = await listen("127.0.0.1");
    expectCause(await examine([...well(), "--http-port", `${port}`]), "port_held", /^The http port/);
  });

  test("port_held: the UDP port of QUIC, and the port of WebSockets", async () => {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    ends.push(() => socket.close());
    const { port } = socket.address();
    const quic = ["--listen", "127.0.0.1", "--transport", "quic", "--port", `${port}`];
    expectCause(await examine([...well(), ...quic]), "port_held", new RegExp(`p2p port ${port} \\(UDP\\)`));
    const ws = ["--listen", "127.0.0.1", "--transport", "ws", "--ws-port", `${await listen("127.0.0.1")}`];
    expectCause(await examine([...well(), ...ws]), "port_held", /\(TCP\) is held by .*process/);
  });

  test("listen_address: an address that this machine does not have", async () => {
    expectCause(
      await examine([...well(), "--listen", "203.0.113.9"]),
      "listen_address",
      /has the address 203\.0\.113\.9/,
    );
  });

  test("port_forbidden: a port that needs a right this process lacks", async (ctx) => {
    const wrap = ["setpriv", "--bounding-set=-net_bind_service", "--inh-caps=-net_bind_service"];
    const lacks = spawnSync("sh", ["-c", "cat /proc/sys/net/ipv4/ip_unprivileged_port_start"], { encoding: "utf8" });
    ctx.skip(Number(lacks.stdout) <= 81, "every user may listen on low ports here");
    ctx.skip(spawnSync(wrap[0] ?? "", [...wrap.slice(1), "true"]).status !== 0, "setpriv is not here, or not allowed");
    expectCause(await examine([...well(), "--port", "81"], wrap), "port_forbidden", /p2p port 81/);
  });
});

describe("configuration and folder", () => {
  test("config_invalid: a mistake in the file, with its line", async () => {
    const file = join(folder, "a.toml");
    writeFileSync(file, "[p2p]\nprot = 4001\n");
    expectCause(await examine(["--config", file]), "config_invalid", /a\.toml:2.*prot/);
  });

  test("folder_unusable: a file stands where the folder should be", async () => {
    writeFileSync(join(folder, "data"), "");
    expectCause(await examine(well()), "folder_unusable", /is a file, not a folder/);
  });

  test("folder_unusable: a secret that others can read", async () => {
    mkdirSync(join(folder, "data"));
    writeFileSync(join(folder, "data", "identity.key"), "00");
    chmodSync(join(folder, "data", "identity.key"), 0o644);
    expectCause(await examine(well()), "folder_unusable", /identity\.key can be read by others \(mode 644\)/);
  });

  test("store_newer: the store of a later version", async () => {
    mkdirSync(join(folder, "data", "store"), { recursive: true });
    const db = new DatabaseSync(join(folder, "data", "store", "data.sqlite"));
    db.exec("PRAGMA user_version = 999; CREATE TABLE t (a)");
    db.close();
    expectCause(await examine(well()), "store_newer", /layout 999/);
  });
});

describe("disk", () => {
  /** A disk of its own of so many MiB, with so many free. */
  function mount(mebibytes: number, free: number): string | undefined {
    const at = join(folder, "data");
    mkdirSync(at);
    if (spawnSync("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", at]).status !== 0) return undefined;
    ends.push(() => void spawnSync("umount", [at]));
    if (mebibytes > free) writeFileSync(join(at, "filler"), Buffer.alloc((mebibytes - free) * 1024 * 1024));
    return at;
  }

  test("disk_full: 20 MiB free", async (ctx) => {
    ctx.skip(mount(24, 20) === undefined, "no right to mount a small disk");
    expectCause(await examine(well()), "disk_full", /Only (19|20) of 24 MiB free/);
  });

  test("disk_low: 200 MiB free", async (ctx) => {
    ctx.skip(mount(200, 200) === undefined, "no right to mount a small disk");
    expectCause(await examine(well()), "disk_low", /Only (199|200) of 200 MiB free/);
  });

  test("disk_slow: each sync takes 300 ms", async (ctx) => {
    const wrap = [
      "strace",
      "-f",
      "-qq",
      "-o",
      "/dev/null",
      "-e",
      "trace=fsync",
      "-e",
      "inject=fsync:delay_exit=300000",
    ];
    ctx.skip(
      spawnSync("strace", ["-qq", "-o", "/dev/null", "true"]).status !== 0,
      "strace is not here, or not allowed",
    );
    expectCause(await examine(well(), wrap), "disk_slow", /takes [3-9]\d\d ms/);
  });
});

test("open_files: fewer are allowed than the links want", async () => {
  const found = await examine(well(), ["sh", "-c", 'ulimit -n 100 && exec "$@"', "sh"]);
  expectCause(found, "open_files", /^100 open files are allowed, and 50 links want 164/);
});

test("no_address: a machine whose only interface is the loopback", async (ctx) => {
  const wrap = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"];
  ctx.skip(spawnSync(wrap[0] ?? "", [...wrap.slice(1), "true"]).status !== 0, "no right to make a network namespace");
  expectCause(await examine(well(), wrap), "no_address", /no address of the families/);
});

describe("configured peers, with no node running", () => {
  test("peer_refused", async () => {
    const port = await listen("127.0.0.1");
    servers.pop()?.close();
    expectCause(await examine([...well(), "--dial", `/ip4/127.0.0.1/tcp/${port}`]), "peer_refused", /ECONNREFUSED/);
  });

  test("peer_unreachable", async () => {
    expectCause(
      await examine([...well(), "--dial", "/ip4/255.255.255.255/tcp/1"]),
      "peer_unreachable",
      /^Unreachable: /,
    );
  });

  test("peer_name_unknown", async () => {
    expectCause(
      await examine([...well(), "--dial", "/dns4/nobody.invalid/tcp/1"]),
      "peer_name_unknown",
      /nobody\.invalid/,
    );
  });

  test("peer_not_libp2p: another program, in the words of its own protocol", async () => {
    const port = await listen("127.0.0.1", (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    const found = await examine([...well(), "--dial", `/ip4/127.0.0.1/tcp/${port}`]);
    expectCause(found, "peer_not_libp2p", /another protocol/);
  });

  test("peer_silent: a packet filter drops the port, and the rule is told", async (ctx) => {
    const rules = "table inet filter { chain input { type filter hook input priority 0; tcp dport 4777 drop; }; }";
    const script = `ip link set lo up && ip addr add 192.0.2.1/32 dev lo && nft '${rules}' && exec "$@"`;
    const wrap = ["unshare", "--net", "sh", "-c", script, "sh"];
    ctx.skip(spawnSync(wrap[0] ?? "", [...wrap.slice(1), "true"]).status !== 0, "no namespaces, or no nft");
    const found = await examine([...well(), "--listen", "127.0.0.1", "--dial", "/ip4/127.0.0.1/tcp/4777"], wrap);
    expectCause(found, "peer_silent", /no connection within 3 s/);
    expect(found.view.causes[0]?.next).toMatch(/says "tcp dport 4777 drop" \(inet filter input\)/);
  });
});

describe("a node that does not answer", () => {
  test("node_died: it was killed; node_silent: it hangs", async () => {
    nursery = new Nursery();
    const node = await nursery.start("a");
    const flags = [
      "--data-dir",
      nursery.dataDirOf("a"),
      "--listen",
      "127.0.0.1",
      "--port",
      "0",
      "--http-port",
      "0",
      "--no-mdns",
    ];
    expect(await examine(flags)).toMatchObject({ exit: 0, view: { causes: [] } });
    node.process.signal("SIGSTOP");
    expectCause(
      await examine(flags),
      "node_silent",
      new RegExp(`process ${node.process.pid}.*did not answer within 3 s`),
    );
    node.process.signal("SIGCONT");
    node.process.signal("SIGKILL");
    await node.process.exited;
    expectCause(await examine(flags), "node_died", /ended without stopping/);
  });
});
