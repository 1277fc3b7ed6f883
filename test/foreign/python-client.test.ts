/** A member written in Python from docs/protocol alone takes part: what it writes arrives, what was written it finds. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Nursery, type RealNode, untilConverged, untilMeshed } from "../support/real-node.ts";
import { until } from "../support/until.ts";

// Real processes on a machine that may be busy with others.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });

const folder = join(import.meta.dirname, "../../examples/python-client");
/** Why these tests cannot run here, if they cannot. */
const without = reasonToSkip();
let nursery: Nursery;
let dialed: RealNode;
let other: RealNode;

interface Outcome {
  readonly code: unknown;
  readonly out: string;
  readonly err: string;
}

beforeAll(async () => {
  nursery = new Nursery();
  if (without !== undefined) return;
  dialed = await nursery.start("dialed");
  other = await nursery.start("other", { dial: [dialed.address] });
  await untilMeshed([dialed, other]);
});
afterAll(() => nursery.end());

test("what it puts both nodes have, also over what a node wrote", async (ctx) => {
  ctx.skip(without !== undefined, `cannot run here: ${without}`);
  await dialed.put("shared/color", "red");
  expect(await client("put", "shared/color", "grün")).toEqual({ code: 0, out: "", err: "" });
  for (const node of [dialed, other]) {
    await until(`${node.name} has it`, async () => (await node.get("shared/color")) === "grün");
  }
  expect(await client("put", "k".repeat(257), "too long a key")).toMatchObject({ code: 1, out: "" });
  expect(await client("put", "shared/color", "blue"), "a second run takes new numbers").toMatchObject({ code: 0 });
  await until("the other has it", async () => (await other.get("shared/color")) === "blue");
});

test("it catches up on batches, parts of batches, deletes and expiry to the member's root", async (ctx) => {
  ctx.skip(without !== undefined, `cannot run here: ${without}`);
  const pairs = Array.from(
    { length: 1_500 },
    (_, index) => [`large/${String(index).padStart(4, "0")}`, `v${index}`] as const,
  );
  await other.putAll(pairs.slice(0, 1_000));
  await other.putAll(pairs.slice(1_000));
  await other.put("large/0007", "overwritten"); // so of its batch only a part is alive, which comes with a proof
  await other.delete("large/0008");
  const long = "x".repeat(60_000);
  await other.putAll(Array.from({ length: 10 }, (_, index) => [`long/${index}`, long] as const)); // more than a window of yamux
  await untilConverged([dialed, other]);
  const { entries, root } = await dialed.status();
  const set = `${entries + 1} ${root}`; // and the tombstone
  expect(await client("root")).toEqual({ code: 0, out: `own    ${set}\nmember ${set}\n`, err: "" });
  const keys = pairs.map(([key]) => key).filter((key) => key !== "large/0008");
  expect((await client("list", "large/")).out.trimEnd().split("\n")).toEqual(keys);
  expect((await client("get", "long/9")).out).toBe(long);
  expect(await client("get", "large/0007")).toEqual({ code: 0, out: "overwritten", err: "" });
  expect(await client("get", "large/0008")).toEqual({ code: 4, out: "", err: "large/0008 is not there\n" });
});

test("a value whose time is over is hidden", async (ctx) => {
  ctx.skip(without !== undefined, `cannot run here: ${without}`);
  await dialed.put("brief", "here", "ttl=1");
  await until("it expired", async () => (await dialed.get("brief")) === undefined);
  expect(await client("get", "brief")).toMatchObject({ code: 4 });
});

test("what it signed before it died is pulled from it in its next run", async (ctx) => {
  ctx.skip(without !== undefined, `cannot run here: ${without}`);
  const died = `from p2p_sync_client import *
state = State(Path(${JSON.stringify(keyFile())}))
numbers = state.incarnation + struct.pack(">QQ", state.take_number(), now_us())
state.pending.append(sign_put(state.identity, numbers, network_id(${JSON.stringify(nursery.network)}), b"left/behind", b"kept", None))
state.save()`;
  expect(await python("-c", died)).toEqual({ code: 0, out: "", err: "" });
  expect(await client("list", "left/")).toEqual({ code: 0, out: "", err: "" });
  expect(await dialed.get("left/behind")).toBe("kept");
});

test("a member of another network, and none at all, are told apart", async (ctx) => {
  ctx.skip(without !== undefined, `cannot run here: ${without}`);
  const stranger = await python(
    "p2p_sync_client.py",
    "--dial",
    `127.0.0.1:${dialed.p2pPort}`,
    "--network",
    "elsewhere",
    "--key",
    keyFile(),
    "list",
  );
  expect(stranger.code).toBe(1);
  expect(stranger.err).toContain("network");
  expect(await python("p2p_sync_client.py", "--dial", "127.0.0.1:1", "--key", keyFile(), "list")).toMatchObject({
    code: 3,
  });
});

function keyFile(): string {
  return join(nursery.folder, "python", "key");
}

async function client(...words: readonly string[]): Promise<Outcome> {
  const to = ["--dial", `127.0.0.1:${dialed.p2pPort}`, "--network", nursery.network, "--key", keyFile()];
  return await python("p2p_sync_client.py", ...to, ...words);
}

async function python(...words: readonly string[]): Promise<Outcome> {
  const child = spawn("python3", ["-B", ...words], { cwd: folder });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => (out += String(chunk)));
  child.stderr.on("data", (chunk) => (err += String(chunk)));
  const [code] = await once(child, "close");
  return { code, out, err };
}

function reasonToSkip(): string | undefined {
  const check =
    "import sys, cryptography; sys.exit(0 if sys.version_info >= (3, 9) and int(cryptography.__version__.split('.')[0]) >= 40 else 1)";
  const { error, status } = spawnSync("python3", ["-c", check]);
  if (error !== undefined) return "there is no python3";
  return status === 0
    ? undefined
    : "python3 is older than 3.9, or its package `cryptography` is missing or older than 40";
}
