import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { open, readAnswer, startTestApi, testToken, type TestApi } from "../../test/support/api-client.ts";
import { memoryPeerId } from "../../test/support/memory-facade.ts";
import type { Instant } from "../base/brand.ts";
import { Fault } from "../base/fault.ts";
import { readEvents, type SentEvent } from "../cli/server-sent-events.ts";
import { eventQueue } from "../node/event-queue.ts";
import { limits } from "./limits.ts";
import { changeSchema, eventSchema } from "./views.ts";

let api: TestApi;
afterEach(() => api.close());

async function take(incoming: IncomingMessage, count: number): Promise<SentEvent[]> {
  const taken: SentEvent[] = [];
  for await (const event of readEvents(incoming)) {
    taken.push(event);
    if (taken.length === count) break;
  }
  return taken;
}

const keysOf = (events: readonly SentEvent[]): string[] =>
  events.map(({ data }) => changeSchema.parse(JSON.parse(data)).key);

/** Waits for what the server does on its own time. */
async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe("watch", () => {
  test("tells every change of a prefix, with its position as id", async () => {
    api = await startTestApi();
    const stream = await open(api.port, "GET", "/v1/watch?prefix=a/", {});
    expect([stream.statusCode, stream.headers["content-type"]]).toEqual([200, "text/event-stream"]);
    api.control.arrive("a/1", Buffer.from("one"), memoryPeerId);
    api.control.arrive("b/1", Buffer.from("other"), memoryPeerId);
    api.control.arrive("a/1", undefined, memoryPeerId);
    const events = await take(stream, 2);
    expect(events.map(({ id }) => id)).toEqual(["1", "3"]);
    expect(events.map(({ data }) => changeSchema.parse(JSON.parse(data)))).toMatchObject([
      { position: 1, type: "put", key: "a/1", value: "one", encoding: "utf8" },
      { position: 3, type: "delete", key: "a/1", value: null, encoding: null },
    ]);
  });

  test("goes on behind Last-Event-ID without loss or repetition", async () => {
    api = await startTestApi();
    const first = await open(api.port, "GET", "/v1/watch", {});
    for (const key of ["a", "b"]) api.control.arrive(key, Buffer.from(key), memoryPeerId);
    const seen = await take(first, 2);
    for (const key of ["c", "d"]) api.control.arrive(key, Buffer.from(key), memoryPeerId);
    const second = await open(api.port, "GET", "/v1/watch", { headers: { "last-event-id": seen.at(-1)?.id ?? "" } });
    api.control.arrive("e", Buffer.from("e"), memoryPeerId);
    expect(keysOf([...seen, ...(await take(second, 3))])).toEqual(["a", "b", "c", "d", "e"]);
  });

  test("tells where it stands before anything happens, and starts behind `after`", async () => {
    api = await startTestApi();
    for (const key of ["a", "b"]) api.control.arrive(key, Buffer.from(key), memoryPeerId);
    const stream = await open(api.port, "GET", "/v1/watch?after=1", {});
    const ids: string[] = [];
    const events = readEvents(stream, (id) => ids.push(id));
    expect(keysOf([(await events.next()).value as SentEvent])).toEqual(["b"]);
    expect(ids).toEqual(["1", "2"]);
    await events.return(undefined);
  });

  test("a place from which changes are not known any more is a 410 before any event", async () => {
    api = await startTestApi();
    for (const key of ["a", "b", "c"]) api.control.arrive(key, Buffer.from(key), memoryPeerId);
    api.control.forgotten = 2;
    const ask = (id: string): ReturnType<TestApi["ask"]> =>
      api.ask("GET", "/v1/watch", { headers: { "last-event-id": id } });
    for (const id of ["1", "4"]) {
      const answer = await ask(id);
      expect([answer.status, answer.json()["code"]]).toEqual([410, "watch_gap"]);
    }
    expect(api.control.watchers()).toBe(0);
  });

  test.each(["x", "-1", "1.5", "99999999999999999"])("refuses %j as Last-Event-ID", async (id) => {
    api = await startTestApi();
    expect((await api.ask("GET", "/v1/watch", { headers: { "last-event-id": id } })).status).toBe(400);
  });

  test("tells a fault of the node in the stream and ends", async () => {
    api = await startTestApi();
    api.control.failNext = new Fault("invalid_argument", "that position is gone");
    const answer = await api.ask("GET", "/v1/watch");
    expect(answer.text).toContain(
      'event: fault\ndata: {"code":"invalid_argument","message":"that position is gone","details":{}}',
    );
  });

  test("answers HEAD without watching", async () => {
    api = await startTestApi();
    expect((await api.ask("HEAD", "/v1/watch")).status).toBe(200);
    expect(api.control.watchers()).toBe(0);
  });

  test("frees its place when the client goes", async () => {
    api = await startTestApi();
    const stream = await open(api.port, "GET", "/v1/watch", {});
    expect(api.control.watchers()).toBe(1);
    stream.destroy();
    await eventually(() => api.control.watchers() === 0);
  });
});

describe("bounds", () => {
  test("only so many streams are served, and a freed place is given again", async () => {
    api = await startTestApi({ streamLimits: { ...limits, streamsMax: 2 } });
    const streams = [await open(api.port, "GET", "/v1/watch", {}), await open(api.port, "GET", "/v1/events", {})];
    const refused = await api.ask("GET", "/v1/watch");
    expect([refused.status, refused.json()["code"]]).toEqual([503, "overloaded"]);
    streams[0]?.destroy();
    await eventually(() => api.control.watchers() === 0);
    const again = await open(api.port, "GET", "/v1/watch", {});
    expect(again.statusCode).toBe(200);
    for (const stream of [...streams, again]) stream.destroy();
  });

  test("a silent stream has heartbeats", async () => {
    api = await startTestApi({ streamLimits: { ...limits, heartbeatMs: 10 } });
    const stream = await open(api.port, "GET", "/v1/watch", {});
    let text = "";
    for await (const chunk of stream) {
      text += String(chunk);
      if (text.split(": heartbeat\n\n").length > 2) break;
    }
    expect(text.startsWith("retry: 1000\n\nid: 0\n\n")).toBe(true);
    expect(text).toContain(": heartbeat\n\nid: 0\n\n");
  });

  test("a client that does not read loses its watcher, and is told why if it reads at last", async () => {
    api = await startTestApi({ streamLimits: { ...limits, stalledStreamMs: 50 } });
    const socket = connect(api.port, "127.0.0.1");
    socket.write(`GET /v1/watch HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${testToken}\r\n\r\n`);
    await eventually(() => api.control.watchers() === 1);
    socket.pause();
    const value = Buffer.alloc(64 * 1024, 97);
    while (api.control.watchers() === 1) {
      for (let index = 0; index < 50; index++) api.control.arrive(`k${index}`, value, memoryPeerId);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    let text = "";
    socket.on("data", (chunk) => (text += String(chunk)));
    socket.resume();
    await eventually(() => text.includes('event: fault\ndata: {"code":"slow_consumer"'));
    socket.destroy();
    expect(api.control.watchers()).toBe(0);
  });

  test("a listener that falls behind gets a fault, not a gap", async () => {
    api = await startTestApi();
    let tell: (event: number) => void = () => undefined;
    const events = eventQueue<number>(
      (listener) => ((tell = listener), () => undefined),
      3,
      new AbortController().signal,
    );
    const first = events.next();
    for (const event of [1, 2, 3, 4]) tell(event);
    const got = [(await first).value, (await events.next()).value, (await events.next()).value];
    expect(got).toEqual([1, 2, 3]);
    await expect(events.next()).rejects.toMatchObject({ code: "slow_consumer" });
  });
});

test("events of the node are told as they happen, and the listener goes with the client", async () => {
  api = await startTestApi();
  const stream = await open(api.port, "GET", "/v1/events", {});
  api.control.emit({ type: "nodeState", at: Date.UTC(2026, 0, 1) as Instant, detail: { state: "Connected" } });
  const [event] = await take(stream, 1);
  expect(eventSchema.parse(JSON.parse(event?.data ?? ""))).toEqual({
    type: "nodeState",
    at: "2026-01-01T00:00:00.000Z",
    detail: { state: "Connected" },
  });
  await eventually(() => api.control.listeners() === 0);
});

test("a stream ends when the server closes", async () => {
  api = await startTestApi();
  const stream = await open(api.port, "GET", "/v1/watch", {});
  const ended = readAnswer(stream);
  await api.server.close();
  expect((await ended).status).toBe(200);
  api = await startTestApi();
});
