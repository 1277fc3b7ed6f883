/**
 * One phase of an attack: two honest nodes linked to the victim, puts in both directions at fixed
 * times, and attackers on a target beside it, which is the victim or a sink. Throughput is what has
 * arrived at the other side, readable there, while the attack was on.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { pause } from "../clock.ts";
import type { BenchNode, Fleet } from "../fleet.ts";
import { workEntries } from "../workload.ts";
import { type Kind, type KindName, kinds, type Order, type Report } from "./kinds.ts";

const victimHeapMb = 512;
const addresses = Array.from({ length: 10 }, (_, n) => `127.0.0.${n + 2}`);
const processesMax = 2;
const putEveryMs = 10;
const settleMs = 2_500;
/** The attack begins before the measuring, so that connections are made. */
const warmUpMs = 1_000;

export interface Plan {
  readonly kind: KindName;
  readonly attackers: number;
  readonly seconds: number;
}

export interface Phase {
  /** Entries that arrived in a second, both ways together. */
  readonly perSecond: number;
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
  /** The most the victim held, beyond what it held before. */
  readonly rssGrewMb: number;
  readonly honestBanned: number;
  readonly honestLost: number;
  readonly report: Report;
  /** Why the victim's last links ended, and how many of them for each reason. */
  readonly reasons: Readonly<Record<string, number>>;
}

/** The network of a kind: fresh, so that nothing is left of the attack before. */
export class Scene {
  readonly #fleet: Fleet;
  readonly #plan: Plan;
  readonly #victim: BenchNode;
  readonly #honest: readonly BenchNode[];
  readonly #network: string;
  #phases = 0;

  private constructor(fleet: Fleet, plan: Plan, nodes: readonly [BenchNode, ...BenchNode[]], network: string) {
    this.#fleet = fleet;
    this.#plan = plan;
    [this.#victim, ...this.#honest] = nodes;
    this.#network = network;
  }

  static async set(fleet: Fleet, plan: Plan): Promise<Scene> {
    const victim = await fleet.node([], fleet.newFolder(), [`--max-old-space-size=${victimHeapMb}`]);
    const honest = [await fleet.node([victim.address]), await fleet.node([victim.address])];
    await victim.ask("awaitPeers", { peers: honest.length });
    const { network } = await victim.ask("standing", undefined);
    for (const node of [victim, ...honest]) await node.ask("watchKeys", undefined);
    await pause(settleMs);
    return new Scene(fleet, plan, [victim, ...honest], network);
  }

  /** Attacks a sink instead of the victim. */
  async baseline(): Promise<Phase> {
    const sink = fork(fileURLToPath(new URL("./sink-worker.ts", import.meta.url)), { stdio: "inherit" });
    this.#fleet.adopt(sink);
    sink.send({ scope: this.#network.slice(0, 16) });
    const [{ address }] = (await once(sink, "message")) as [{ address: string }];
    const phase = await this.#run(address);
    sink.disconnect();
    return phase;
  }

  attack(): Promise<Phase> {
    return this.#run(this.#victim.address);
  }

  /** The victim has to end in good order, too. */
  async end(): Promise<void> {
    await Promise.all([this.#victim, ...this.#honest].map((node) => node.stop()));
  }

  async #run(target: string): Promise<Phase> {
    const { seconds } = this.#plan;
    const [ann] = this.#honest as [BenchNode];
    const number = ++this.#phases;
    const count = Math.floor((seconds * 1_000) / putEveryMs);
    const writers = [
      { from: ann, at: this.#victim, set: `in/${number}` },
      { from: this.#victim, at: ann, set: `out/${number}` },
    ];
    await Promise.all(writers.map(({ from, set }) => from.ask("prepare", { set, count })));
    await Promise.all(writers.map(({ at }) => at.ask("seen", { count: 0 })));
    const before = await this.#victim.ask("health", undefined);
    const reports = this.#attackers(target);
    await pause(warmUpMs);
    await this.#victim.ask("health", undefined);
    const writing = writers.map(({ from }) => from.ask("putPaced", { everyMs: putEveryMs }));
    await pause(seconds * 1_000);
    const health = await this.#victim.ask("health", undefined);
    const arrived = await Promise.all(
      writers.map(async ({ at, set }) => {
        const wanted = new Set(workEntries(set, count).map(({ key }) => key));
        return (await at.ask("seen", { count: 0 })).filter(({ key }) => wanted.has(key)).length;
      }),
    );
    const { connected, banned, ended } = await this.#victim.ask("standing", undefined);
    const ids = this.#honest.map(({ peer }) => peer);
    const report = sum(await reports);
    await Promise.all(writing);
    return {
      perSecond: arrived.reduce((all, each) => all + each, 0) / seconds,
      loopP99Ms: health.loopP99Ms,
      loopMaxMs: health.loopMaxMs,
      rssGrewMb: (health.rssBytes - before.rssBytes) / 2 ** 20,
      honestBanned: ids.filter((id) => banned.includes(id)).length,
      honestLost: ids.filter((id) => !connected.includes(id)).length,
      report,
      reasons: counted(ended),
    };
  }

  #attackers(target: string): Promise<readonly Report[]> {
    const { kind, attackers, seconds } = this.#plan;
    const { perSecond } = kinds.find(({ name }) => name === kind) as Kind;
    const from = Array.from({ length: attackers }, (_, n) => addresses[n % addresses.length] as string);
    const processes = Math.min(processesMax, attackers);
    const shares = Array.from({ length: processes }, (_, share) => from.filter((_, n) => n % processes === share));
    return Promise.all(
      shares.map(async (share) => {
        const worker = fork(fileURLToPath(new URL("./attacker-worker.ts", import.meta.url)), { stdio: "inherit" });
        this.#fleet.adopt(worker);
        const order: Order = {
          kind,
          target,
          network: this.#network,
          from: share,
          perSecond: attackers === 1 ? perSecond.alone : perSecond.each,
          seconds: seconds + warmUpMs / 1_000,
        };
        worker.send(order);
        const [report] = (await once(worker, "message")) as [Report];
        worker.disconnect();
        return report;
      }),
    );
  }
}

function counted(texts: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const text of texts) counts[text] = (counts[text] ?? 0) + 1;
  return counts;
}

function sum(reports: readonly Report[]): Report {
  const total = (of: (report: Report) => number): number => reports.reduce((all, report) => all + of(report), 0);
  return {
    cutAfterMs: reports.flatMap(({ cutAfterMs }) => cutAfterMs),
    uncut: total(({ uncut }) => uncut),
    refused: total(({ refused }) => refused),
    sent: total(({ sent }) => sent),
  };
}
