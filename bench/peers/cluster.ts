/**
 * Nodes of one system, each a process with a folder of its own, and what a benchmark does with
 * them. Linked means that an entry put at the first node was read at every other one, so that the
 * clock of a figure starts when all links carry data.
 */
import { fileURLToPath } from "node:url";
import { AskedProcess } from "../asked-process.ts";
import { nowMs, pause } from "../clock.ts";
import { Fleet } from "../fleet.ts";
import type { Orders, System } from "./contract.ts";

const processFile = fileURLToPath(new URL("./peer-process.ts", import.meta.url));
/** Gossip meshes are formed at a heartbeat of 1 s; figures are about nodes that have settled. */
const settleMs = 3_000;
const linkMsMax = 90_000;
const stopMsMax = 60_000;

export class PeerProcess extends AskedProcess<Orders> {
  readonly dataDir: string;
  ticket = "";

  constructor(system: string, dataDir: string) {
    super({ file: processFile, parameters: [system], env: { ...process.env, NODE_OPTIONS: "--no-warnings" } });
    this.dataDir = dataDir;
  }

  /** Ends cleanly, or by force when that takes too long. */
  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    const late = setTimeout(() => this.child.kill("SIGKILL"), stopMsMax);
    await this.ask("stop", undefined, undefined, stopMsMax);
    await ended;
    clearTimeout(late);
  }
}

export class Cluster extends Fleet {
  readonly system: System;

  constructor(system: System) {
    super(undefined);
    this.system = system;
  }

  /** A node that shares the set of the ticket once it is linked, or the first of a new set. */
  async peer(ticket: string | undefined, dataDir: string = this.newFolder()): Promise<PeerProcess> {
    const peer = new PeerProcess(this.system.name, dataDir);
    this.adopt(peer.child);
    ({ ticket: peer.ticket } = await peer.ask("start", { dataDir, ticket }));
    return peer;
  }

  /** So many nodes, each linked with each, that hold one entry. */
  async shared(count: number): Promise<readonly [PeerProcess, ...PeerProcess[]]> {
    const first = await this.peer(undefined);
    const others: PeerProcess[] = [];
    for (let number = 1; number < count; number++) {
      const next = await this.peer(first.ticket);
      for (const { ticket } of [first, ...others]) await next.ask("connect", { ticket });
      others.push(next);
    }
    await pause(settleMs);
    await this.#untilLinked(first, others);
    return [first, ...others];
  }

  async #untilLinked(first: PeerProcess, others: readonly PeerProcess[]): Promise<void> {
    const begunAt = nowMs();
    await Promise.all([first, ...others].map((peer) => peer.ask("prepare", { set: "first", count: 1 })));
    await first.ask("putOne", { number: 0 });
    for (const other of others) {
      const { at } = await other.ask("awaitEntry", { number: 0, msMax: linkMsMax - (nowMs() - begunAt) });
      if (at === undefined) throw new Error(`an entry is not shared within ${linkMsMax / 1_000} s of linking`);
    }
  }
}
