/**
 * A plain node of go-libp2p, which knows nothing of P2P Sync, and a node of ours understand each other: over TCP with
 * Noise or TLS and yamux, and over QUIC, both ways.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { ExplanationView } from "../../src/api/views.ts";
import { otherProgramMs } from "../../src/drivers/libp2p/limits.ts";
import { loadQuic } from "../../src/drivers/libp2p/quic/native.ts";
import { Nursery, type RealNode } from "../support/real-node.ts";
import { until } from "../support/until.ts";
import { program, reasonNotToUse } from "./go-program.ts";

// Real processes on a machine that may be busy with others.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });

const without = reasonNotToUse();
const hasQuic = !("problem" in (await loadQuic()));
const notAMember = "it speaks libp2p, but not P2P Sync: it knows no /p2p-sync/admit/1";
const ours = /^identified agent=p2p-sync\/\S+ seen-as=\/ip4\/127\.0\.0\.1\/\S+ protocols=\S*\/p2p-sync\/admit\/1\b/m;
let nursery: Nursery;
let node: RealNode;

beforeAll(async () => {
  nursery = new Nursery();
  if (without === undefined)
    node = await nursery.start("ours", { flags: ["--transport", hasQuic ? "tcp,quic" : "tcp"] });
});
afterAll(() => nursery.end());

const ways = [
  { name: "TCP, Noise and yamux", part: "/tcp/", security: "noise", seen: "tcp encryption=/noise muxer=/yamux/1.0.0" },
  { name: "TCP, TLS and yamux", part: "/tcp/", security: "tls", seen: "tcp encryption=/tls/1.0.0 muxer=/yamux/1.0.0" },
  { name: "QUIC", part: "/quic-v1/", security: "noise", seen: "quic-v1 encryption=its own muxer=its own" },
] as const;

test.for(ways)("it dials us over $name, identifies and pings, and is parted with in time", async (way, ctx) => {
  ctx.skip(without !== undefined, `cannot run here: ${without}`);
  ctx.skip(way.name === "QUIC" && !hasQuic, "the optional package for QUIC is not installed");
  const address = addressOver(way.part);
  const go = new GoNode("-security", way.security, "dial", address);
  expect(await go.code(), go.err).toBe(0);
  expect(go.out).toContain(`connected peer=${node.id} transport=${way.seen}`);
  expect(go.out).toMatch(ours);
  expect(go.out.match(/^ping [0-9.]+(µs|ms)$/gm)).toHaveLength(3);
  const stayedMs = Number(/^disconnected after=([0-9.]+)s$/m.exec(go.out)?.[1]) * 1_000;
  expect(stayedMs).toBeGreaterThan(otherProgramMs / 2);
  const self = /^self (\S+)$/m.exec(go.out)?.[1] ?? "";
  expect(await whyOf(self)).toMatchObject({ cause: "noHello", conclusion: expect.stringContaining(notAMember) });
});

test.for(["/tcp/", "/quic-v1/"])(
  "we dial it over %s, are identified and parted, and `why` says that it is no member",
  async (part, ctx) => {
    ctx.skip(without !== undefined, `cannot run here: ${without}`);
    ctx.skip(part === "/quic-v1/" && !hasQuic, "the optional package for QUIC is not installed");
    const go = new GoNode("listen");
    const address = await until("it listens", () => new RegExp(`^listening (\\S*${part}\\S*)$`, "m").exec(go.out)?.[1]);
    expect((await node.dial(address)).status).toBe(202);
    await until("it is identified and left", () => ours.test(go.out) && go.out.includes("disconnected"), {
      deadlineMs: 20_000,
      seen: () => go.out,
    });
    expect(go.out).toContain(`connected peer=${node.id}`);
    expect(await whyOf(address)).toMatchObject({
      cause: "noHello",
      conclusion: expect.stringContaining(notAMember),
      next: expect.stringContaining("another libp2p program"),
    });
    go.end();
    expect(await go.code(), go.err).toBe(0);
  },
);

/** The program as a process, which ends with its input. */
class GoNode {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown[]>;
  out = "";
  err = "";

  constructor(...words: readonly string[]) {
    this.#child = spawn(program, words);
    this.#closed = once(this.#child, "close");
    this.#child.stdout?.on("data", (chunk) => (this.out += String(chunk)));
    this.#child.stderr?.on("data", (chunk) => (this.err += String(chunk)));
    nursery.beforeRemoval(() => void this.#child.kill("SIGKILL"));
  }

  end(): void {
    this.#child.stdin?.end();
  }

  async code(): Promise<unknown> {
    return (await this.#closed)[0];
  }
}

function addressOver(part: string): string {
  return node.addresses.find((address) => address.includes(part)) ?? `no address over ${part}`;
}

/** Once its link has ended. */
async function whyOf(target: string): Promise<ExplanationView> {
  const ask = async (): Promise<ExplanationView | false> => {
    const answer = await node.ask("GET", `/v1/why?target=${encodeURIComponent(target)}`);
    const explanation = answer.json() as ExplanationView;
    return explanation.cause !== "connecting" && explanation;
  };
  return await until("the link has ended", ask);
}
