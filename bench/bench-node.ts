/**
 * One node of a benchmark: a process that runs the product's library and does what the conductor
 * asks over the process channel. The library and not HTTP where a figure is about the node; what
 * HTTP costs is measured on its own, at the command `p2p-sync start`.
 *
 * "Readable" is never guessed: a watcher was given the value from the durable store, or the count
 * of durable entries has reached the expected one, and the values are then compared.
 */
import { randomBytes, randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createNode, type Node } from "../src/index.ts";
import { nowMs, pause, until } from "./clock.ts";
import { answerQuestions, type Handlers } from "./answering.ts";
import type { Commands, PacedPut, Seen } from "./commands.ts";
import { isRewritten, lastEntry, scattered, type WorkEntry, workEntries, workEntry } from "./workload.ts";

/** Time between two looks at a count. It is the grain of the bulk figures, which take seconds. */
const lookEveryMs = 10;

/** Of a large set: entries of a batch or of a round of reads, and batches under way. */
const fillBatch = 1_000;
const fillInFlight = 4;

let running: Node | undefined;
let folder = "";
let prepared: readonly WorkEntry[] = [];
const seen: Seen[] = [];
const connected = new Map<string, number>();

/** Time between two looks at the memory held. */
const memoryEveryMs = 250;
/** Source: libuv's own timers; 10 ms is what a delay of 100 ms is told by. */
const loop = monitorEventLoopDelay({ resolution: 10 });
const most = { rss: 0, heap: 0 };

function memoryLook(): void {
  const { rss, heapUsed } = process.memoryUsage();
  most.rss = Math.max(most.rss, rss);
  most.heap = Math.max(most.heap, heapUsed);
}

function node(): Node {
  if (running === undefined) throw new Error("the node is not started");
  return running;
}

const handlers: Handlers<Commands> = {
  async start({ networkName, dataDir, dial, faultPort, transport }) {
    folder = dataDir;
    loop.enable();
    setInterval(memoryLook, memoryEveryMs).unref();
    running = await createNode({
      networkName,
      dataDir,
      p2pDial: dial,
      p2pListen: ["127.0.0.1"],
      p2pPort: 0,
      p2pWsPort: 0,
      p2pTransports: [transport],
      p2pMdns: false,
      testFaultPort: faultPort,
    });
    running.onEvent(({ type, detail }) => {
      if (type !== "peerState" || detail.to !== "Connected") return;
      const { peer } = detail;
      if (peer !== undefined && !connected.has(peer)) connected.set(peer, nowMs());
    });
    const { peerId, p2p } = running.info();
    return { peer: peerId, address: p2p[0] ?? "" };
  },

  async awaitPeers({ peers }) {
    while (
      node()
        .peers()
        .filter(({ state }) => state === "Connected").length < peers
    )
      await pause(lookEveryMs);
  },

  async dial({ address }) {
    const begunAt = nowMs();
    await node().dial(address);
    return { begunAt };
  },

  async connectedAt({ peer }) {
    let at = connected.get(peer);
    for (; at === undefined; at = connected.get(peer)) await pause(lookEveryMs);
    return { at };
  },

  prepare({ set, count }) {
    prepared = workEntries(set, count);
  },

  async write({ batch, inFlight }, report) {
    const begunAt = nowMs();
    let next = 0;
    const writeOn = async (): Promise<void> => {
      while (next < prepared.length) {
        const from = next;
        next += batch;
        if (batch === 1) {
          const { key, value } = prepared[from] as WorkEntry;
          await node().put(key, value);
        } else await node().batch(prepared.slice(from, from + batch).map((entry) => ({ type: "put", ...entry })));
        if (from % 1_000 < batch) report(from, prepared.length);
      }
    };
    await Promise.all(Array.from({ length: inFlight }, writeOn));
    return { begunAt, endedAt: nowMs() };
  },

  async fill({ set, count, overwrite }, report) {
    const begunAt = nowMs();
    let next = 0;
    const fillOn = async (): Promise<void> => {
      while (next < count) {
        const from = next;
        next += fillBatch;
        const numbers = Array.from({ length: Math.min(fillBatch, count - from) }, (_, i) =>
          overwrite ? scattered(from + i, count) : from + i,
        ).filter((number) => !overwrite || isRewritten(number));
        const entries = numbers.map((number) => (overwrite ? lastEntry(set, number) : workEntry(set, number)));
        if (entries.length > 0) await node().batch(entries.map((entry) => ({ type: "put", ...entry })));
        report(next, count);
      }
    };
    await Promise.all(Array.from({ length: fillInFlight }, fillOn));
    return { begunAt, endedAt: nowMs() };
  },

  async getUniform({ set, count, reads }, report) {
    let [ms, cpu] = [0, 0];
    for (let done = 0; done < reads; done += fillBatch) {
      const wanted = Array.from({ length: fillBatch }, () => lastEntry(set, randomInt(count)));
      const found: (Uint8Array | undefined)[] = [];
      const [before, cpuBefore] = [nowMs(), process.cpuUsage()];
      for (const { key } of wanted) found.push((await node().get(key))?.value);
      ms += nowMs() - before;
      const { user, system } = process.cpuUsage(cpuBefore);
      cpu += (user + system) / 1000;
      for (const [i, { key, value }] of wanted.entries())
        if (!Buffer.from(found[i] ?? []).equals(value)) throw new Error(`${key} is wrong or not there`);
      report(done, reads);
    }
    return { perSecond: (reads / ms) * 1000, perCpuSecond: (reads / cpu) * 1000 };
  },

  async putPaced({ everyMs }, report) {
    const begin = nowMs() + everyMs;
    const puts: Promise<PacedPut>[] = [];
    for (const [number, { key, value }] of prepared.entries()) {
      const dueAt = begin + number * everyMs;
      await until(dueAt);
      puts.push(
        node()
          .put(key, value)
          .then(() => ({ key, dueAt, acknowledgedAt: nowMs() })),
      );
      report(number, prepared.length);
    }
    return Promise.all(puts);
  },

  async putTimed({ beginAt, puts }) {
    const acknowledged: Promise<unknown>[] = [];
    for (const { afterMs, key, valueBytes } of puts) {
      await until(beginAt + afterMs);
      acknowledged.push(node().put(key, randomBytes(valueBytes)));
    }
    await Promise.all(acknowledged);
  },

  async metrics() {
    return { text: await node().metrics() };
  },

  watchKeys() {
    void (async () => {
      for await (const { key } of node().watch()) seen.push({ key, at: nowMs() });
    })();
  },

  async seen({ count }) {
    while (seen.length < count) await pause(lookEveryMs);
    return seen.splice(0);
  },

  async awaitEntries({ count }, report) {
    for (;;) {
      const { entries } = await node().status();
      const at = nowMs();
      if (entries >= count) return { at };
      report(entries, count);
      await pause(lookEveryMs);
    }
  },

  async wrong({ samples }) {
    let wrong = 0;
    const step = Math.max(1, Math.floor(prepared.length / samples));
    for (let i = 0; i < prepared.length; i += step) {
      const { key, value } = prepared[i] as WorkEntry;
      const found = await node().get(key);
      if (found === undefined || !Buffer.from(found.value).equals(value)) wrong += 1;
    }
    let entries = 0;
    for await (const _ of node().list()) entries += 1;
    return { wrong, entries };
  },

  async cut({ peers }) {
    const [url, token] = ["faults.url", "api-token"].map((name) => readFileSync(join(folder, name), "utf8").trim());
    const body = JSON.stringify({ cut: peers });
    const answered = await fetch(`${url}/faults`, {
      method: "PUT",
      body,
      headers: { authorization: `Bearer ${token}` },
    });
    if (!answered.ok) throw new Error(`the test port answers ${answered.status}: ${await answered.text()}`);
  },

  async root() {
    return { root: (await node().status()).root };
  },

  async get({ count }) {
    const begunAt = nowMs();
    for (let i = 0; i < count; i++) {
      const { key } = prepared[(i * 7_919) % prepared.length] as WorkEntry;
      if ((await node().get(key)) === undefined) throw new Error(`${key} is not there`);
    }
    return { perSecond: (count / (nowMs() - begunAt)) * 1000 };
  },

  async scan({ prefix, entries }) {
    const begunAt = nowMs();
    let read = 0;
    while (read < entries) {
      const before = read;
      for await (const _ of node().list({ prefix })) read += 1;
      if (read === before) throw new Error(`nothing begins with ${prefix}`);
    }
    return { perSecond: (read / (nowMs() - begunAt)) * 1000 };
  },

  cpu() {
    const { user, system } = process.cpuUsage();
    return { ms: (user + system) / 1000 };
  },

  health() {
    memoryLook();
    const found = {
      loopP99Ms: loop.percentile(99) / 1e6,
      loopMaxMs: loop.max / 1e6,
      rssBytes: most.rss,
      heapBytes: most.heap,
    };
    loop.reset();
    most.rss = 0;
    most.heap = 0;
    return found;
  },

  async standing() {
    const connected = node()
      .peers()
      .flatMap(({ state, id }) => (state === "Connected" && id !== undefined ? [id] : []));
    const rules = await node().peerControl.rules();
    return {
      network: node().info().network.id,
      connected,
      banned: rules.filter(({ kind }) => kind === "ban").map(({ target }) => target),
      ended: node()
        .peerControl.closed()
        .map(({ code, reason }) => `${code}: ${reason}`),
    };
  },

  async stop() {
    await node().stop();
  },
};

answerQuestions<Commands>(handlers, () => void running?.stop());
