/**
 * What a user of HTTP gets: requests over connections that are kept open, to the command as it is
 * started, one after the other and 16 at a time. The client shares the machine's cores with the
 * node, so these are lower bounds.
 */
import { Agent } from "node:http";
import { type Item, repeated } from "../figure.ts";
import { nowMs } from "../clock.ts";
import { percentile } from "../statistics.ts";
import { type Call, send } from "../http-call.ts";
import { type Product, startProduct, stopProduct } from "../product.ts";
import { type WorkEntry, workEntries } from "../workload.ts";

const manyConnections = 16;
const batch = 1_000;
const page = 1_000;

export const http: Item = {
  name: "http",
  async run(bench) {
    const { httpRequests: requests } = bench.sizes;
    const work = workEntries("http", requests);
    const found = await repeated(bench, "HTTP", async (label) => {
      await using fleet = bench.newFleet();
      bench.progress.begin(label);
      const product = await startProduct(fleet);
      const steps = [
        () => measure(product, work.slice(0, requests / 5).map(putOf), 1),
        () => measure(product, work.map(putOf), manyConnections),
        () => measure(product, work.map(getOf), 1),
        () => measure(product, work.map(getOf), manyConnections),
        () => measure(product, batches(work), 1),
        () =>
          measure(
            product,
            Array.from({ length: 20 }, () => ({ method: "GET", path: `/v1/kv?limit=${page}` })),
            1,
          ),
      ] as const;
      const results = [];
      for (const [index, step] of steps.entries()) {
        results.push(await step());
        bench.progress.at(index + 1, steps.length, "kinds of request");
      }
      await stopProduct(product);
      const [putOne, putMany, getOne, getMany, post, list] = results as [
        Measured,
        Measured,
        Measured,
        Measured,
        Measured,
        Measured,
      ];
      return {
        putP50: putOne.p50,
        putP99: putOne.p99,
        putMany: putMany.perSecond,
        getP50: getOne.p50,
        getP99: getOne.p99,
        getMany: getMany.perSecond,
        post: post.perSecond * Math.min(batch, requests),
        list: list.perSecond * Math.min(page, requests),
      };
    });
    return [
      { name: "HTTP PUT, durable, one after the other, p50", unit: "ms", better: "lower", samples: found.putP50 },
      { name: "HTTP PUT, durable, one after the other, p99", unit: "ms", better: "lower", samples: found.putP99 },
      { name: "HTTP PUT, 16 connections", unit: "/s", better: "higher", samples: found.putMany },
      { name: "HTTP GET, one after the other, p50", unit: "ms", better: "lower", samples: found.getP50 },
      { name: "HTTP GET, one after the other, p99", unit: "ms", better: "lower", samples: found.getP99 },
      { name: "HTTP GET, 16 connections", unit: "/s", better: "higher", samples: found.getMany },
      { name: "entries by HTTP batches of 1,000", unit: "/s", better: "higher", samples: found.post },
      { name: "entries by HTTP pages of 1,000", unit: "/s", better: "higher", samples: found.list },
    ];
  },
};

function putOf({ key, value }: WorkEntry): Call {
  return { method: "PUT", path: `/v1/kv/${key}`, body: value };
}

function getOf({ key }: WorkEntry): Call {
  return { method: "GET", path: `/v1/kv/${key}` };
}

function batches(work: readonly WorkEntry[]): Call[] {
  const calls: Call[] = [];
  for (let from = 0; from < work.length; from += batch) {
    const ops = work.slice(from, from + batch).map(({ key, value }) => ({
      put: { key: `b-${key}`, value: Buffer.from(value).toString("base64"), encoding: "base64" },
    }));
    calls.push({ method: "POST", path: "/v1/batch", body: JSON.stringify({ ops }) });
  }
  return calls;
}

interface Measured {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

async function measure(product: Product, calls: readonly Call[], connections: number): Promise<Measured> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const times: number[] = [];
  let next = 0;
  const callOn = async (): Promise<void> => {
    while (next < calls.length) {
      const call = calls[next++] as Call;
      const at = nowMs();
      await send(product, agent, call);
      times.push(nowMs() - at);
    }
  };
  const begunAt = nowMs();
  await Promise.all(Array.from({ length: connections }, callOn));
  const ms = nowMs() - begunAt;
  agent.destroy();
  return { perSecond: (calls.length / ms) * 1000, p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
}
