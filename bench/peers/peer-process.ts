/**
 * The process of one node of any system: `peer-process.ts SYSTEM`. Loads the adapter and answers
 * the driver. What is the same for all systems is here, so that no system is measured differently.
 */
import { type Handlers, answerQuestions } from "../answering.ts";
import { nowMs, pause } from "../clock.ts";
import { type WorkEntry, workEntries } from "../workload.ts";
import type { Adapter, Orders } from "./contract.ts";
import { systemNamed } from "./systems.ts";

/** Least time between two looks at a count or an entry: the grain of what is awaited. */
const lookEveryMs = 2;
/** A look that takes long is repeated the more rarely, so that looking takes at most a tenth of the time. */
const lookShare = 9;

/** A prime, so that reads jump about and meet every entry. */
const step = 7_919;

const adapter: Adapter = await systemNamed(process.argv[2] ?? "").load();
let prepared: readonly WorkEntry[] = [];

function entry(number: number): WorkEntry {
  const found = prepared[number];
  if (found === undefined) throw new Error(`entry ${number} is not prepared`);
  return found;
}

async function isRight({ key, value }: WorkEntry): Promise<boolean> {
  const found = await adapter.get(key);
  return found !== undefined && Buffer.compare(found, value) === 0;
}

const handlers: Handlers<Orders> = {
  async start(place) {
    return { ticket: await adapter.start(place) };
  },

  async connect({ ticket }) {
    const begunAt = nowMs();
    await adapter.connect(ticket);
    return { begunAt };
  },

  prepare({ set, count }) {
    prepared = workEntries(set, count);
  },

  async write({ batch, inFlight, msMax }, report) {
    const { putBatch } = adapter;
    if (batch > 1 && putBatch === "none") throw new Error("this system has no batches");
    const begunAt = nowMs();
    let next = 0;
    const writeOn = async (): Promise<void> => {
      while (next < prepared.length && nowMs() - begunAt < msMax) {
        const from = next;
        next = Math.min(prepared.length, from + batch);
        if (batch === 1 || putBatch === "none") await adapter.put(entry(from).key, entry(from).value);
        else await putBatch(prepared.slice(from, next));
        report(from, prepared.length);
      }
    };
    await Promise.all(Array.from({ length: inFlight }, writeOn));
    return { begunAt, endedAt: nowMs(), written: next };
  },

  async awaitCount({ count, msMax }, report) {
    const begunAt = nowMs();
    for (;;) {
      const lookedAt = nowMs();
      const counted = await adapter.count();
      const at = nowMs();
      if (counted >= count || at - begunAt > msMax) return { at, counted };
      report(counted, count);
      await pause(Math.max(lookEveryMs, (at - lookedAt) * lookShare));
    }
  },

  async readAll({ count, msMax }, report) {
    const begunAt = nowMs();
    let right = 0;
    let read = 0;
    for (; read < count && nowMs() - begunAt < msMax; read++) {
      if (await isRight(entry(read))) right += 1;
      report(read, count);
    }
    return { right, read };
  },

  async putOne({ number }) {
    const { key, value } = entry(number);
    const begunAt = nowMs();
    await adapter.put(key, value);
    return { begunAt, acknowledgedAt: nowMs() };
  },

  async awaitEntry({ number, msMax }) {
    const begunAt = nowMs();
    while (nowMs() - begunAt < msMax) {
      if (await isRight(entry(number))) return { at: nowMs() };
      await pause(lookEveryMs);
    }
    return { at: undefined };
  },

  async get({ count, of, msMax }) {
    const begunAt = nowMs();
    let read = 0;
    for (; read < count && nowMs() - begunAt < msMax; read++) {
      const { key } = entry((read * step) % of);
      if ((await adapter.get(key)) === undefined) throw new Error(`${key} is not there`);
    }
    return { perSecond: (read / (nowMs() - begunAt)) * 1_000 };
  },

  async scan({ prefix, count, of, msMax }) {
    const expected = prepared.slice(0, of).filter(({ key }) => key.startsWith(prefix)).length;
    const begunAt = nowMs();
    let read = 0;
    while (read < count && nowMs() - begunAt < msMax) {
      const found = await adapter.scan(prefix);
      if (found !== expected) throw new Error(`${found} entries begin with ${prefix}, not ${expected}`);
      read += found;
    }
    return { perSecond: (read / (nowMs() - begunAt)) * 1_000 };
  },

  memory() {
    return { rssBytes: process.memoryUsage.rss() };
  },

  cpu() {
    const { user, system } = process.cpuUsage();
    return { ms: (user + system) / 1_000 };
  },

  async stop() {
    await adapter.stop();
  },
};

answerQuestions<Orders>(handlers, () => process.exit());
