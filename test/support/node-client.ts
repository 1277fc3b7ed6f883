/**
 * A client of a running node's HTTP API over one kept connection per request under way, and a
 * reader of its event streams. It knows the outside contract only.
 */
import { Agent, request, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { ChangeView, EventView, PageView, PeerView, ReceiptView, StatusView } from "../../src/api/views.ts";
import { type Patience, until } from "./until.ts";

export interface NodeAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  json(): unknown;
}

export interface AskOptions {
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Time for one answer; an API that says nothing for so long is dead. */
const answerMsMax = 30_000;

export class NodeClient {
  readonly url: string;
  readonly #token: string;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #streams = new Set<EventStream<unknown>>();

  /** `connect` makes the connections where the URL's host is not ours, as in a network namespace. */
  constructor(url: string, token: string, connect?: () => Socket) {
    this.url = url;
    this.#token = token;
    if (connect !== undefined) this.#agent.createConnection = connect;
  }

  async ask(method: string, path: string, options: AskOptions = {}): Promise<NodeAnswer> {
    const incoming = await this.#open(method, path, options);
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString("utf8");
    return { status: incoming.statusCode ?? 0, headers: incoming.headers, text, json: () => JSON.parse(text) };
  }

  /** Writes and expects the acknowledgement; `query` is for example `certainty=shared&copies=2`. */
  async put(key: string, value: string, query = ""): Promise<ReceiptView> {
    const answer = await this.ask("PUT", `${pathOf(key)}${query === "" ? "" : `?${query}`}`, { body: value });
    return expectOk(answer, `put ${key}`).json() as ReceiptView;
  }

  async delete(key: string): Promise<ReceiptView> {
    return expectOk(await this.ask("DELETE", pathOf(key)), `delete ${key}`).json() as ReceiptView;
  }

  /** Writes all pairs under one signature. */
  async putAll(pairs: readonly (readonly [string, string])[]): Promise<ReceiptView> {
    const body = JSON.stringify({ ops: pairs.map(([key, value]) => ({ put: { key, value } })) });
    const headers = { "content-type": "application/json" };
    return expectOk(await this.ask("POST", "/v1/batch", { body, headers }), "batch").json() as ReceiptView;
  }

  /** Undefined where there is no live value. */
  async get(key: string): Promise<string | undefined> {
    const answer = await this.ask("GET", pathOf(key));
    return answer.status === 404 ? undefined : expectOk(answer, `get ${key}`).text;
  }

  /** Every live key with its value, in key order. */
  async all(prefix = ""): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (let after: string | null = ""; after !== null;) {
      const query = new URLSearchParams({ prefix, after, limit: "1000" }).toString();
      const page = expectOk(await this.ask("GET", `/v1/kv?${query}`), "list").json() as PageView;
      for (const { key, value } of page.entries) found.set(key, value);
      after = page.next;
    }
    return found;
  }

  async status(): Promise<StatusView> {
    return expectOk(await this.ask("GET", "/v1/status"), "status").json() as StatusView;
  }

  async peers(): Promise<readonly PeerView[]> {
    return (expectOk(await this.ask("GET", "/v1/peers"), "peers").json() as { readonly peers: readonly PeerView[] })
      .peers;
  }

  async dial(address: string): Promise<NodeAnswer> {
    const headers = { "content-type": "application/json" };
    return await this.ask("POST", "/v1/peers/dial", { body: JSON.stringify({ address }), headers });
  }

  /** Every metric by its name with labels, as `p2p_sync_goodbyes_total{by="us",code="noHello"}`. */
  async metrics(): Promise<Map<string, number>> {
    const { text } = expectOk(await this.ask("GET", "/metrics"), "metrics");
    const samples = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    return new Map(samples.map((line) => [line.replace(/ [^ ]*$/, ""), Number(/ ([^ ]*)$/.exec(line)?.[1])]));
  }

  /** The sum over all labels of a metric, given without its prefix. */
  async total(name: string): Promise<number> {
    const found = [...(await this.metrics())].filter(([sample]) => sample.split("{")[0] === `p2p_sync_${name}`);
    return found.reduce((sum, [, value]) => sum + value, 0);
  }

  /** Changes of keys from now on, or behind the id of an earlier one. */
  async watch(prefix = "", lastEventId?: string | number): Promise<EventStream<ChangeView>> {
    const headers: Record<string, string> = lastEventId === undefined ? {} : { "last-event-id": String(lastEventId) };
    return await this.#stream(`/v1/watch?prefix=${encodeURIComponent(prefix)}`, headers);
  }

  async events(): Promise<EventStream<EventView>> {
    return await this.#stream("/v1/events", {});
  }

  close(): void {
    for (const stream of this.#streams) stream.close();
    this.#agent.destroy();
  }

  async #stream<T>(path: string, headers: Readonly<Record<string, string>>): Promise<EventStream<T>> {
    const incoming = await this.#open("GET", path, { headers });
    if (incoming.statusCode !== 200) throw new Error(`GET ${path} answered ${incoming.statusCode}`);
    const stream = new EventStream<T>(incoming);
    this.#streams.add(stream);
    return stream;
  }

  #open(method: string, path: string, { body, headers = {} }: AskOptions): Promise<IncomingMessage> {
    const url = new URL(path, this.url);
    return new Promise((resolve, reject) => {
      const all = { authorization: `Bearer ${this.#token}`, ...headers };
      const outgoing = request(url, { method, agent: this.#agent, headers: all });
      outgoing.setTimeout(answerMsMax, () => outgoing.destroy(new Error(`${method} ${path}: no answer`)));
      outgoing.on("response", resolve);
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  }
}

export interface ReceivedEvent<T> {
  readonly id: string | undefined;
  readonly data: T;
  /** `performance.now()` when it came. */
  readonly at: number;
}

/** A stream of server-sent events, kept from its beginning. */
export class EventStream<T> {
  readonly received: ReceivedEvent<T>[] = [];
  readonly #incoming: IncomingMessage;
  readonly #waiting = new Set<() => void>();
  #rest = "";

  constructor(incoming: IncomingMessage) {
    this.#incoming = incoming;
    incoming.setEncoding("utf8");
    incoming.on("data", (text: string) => this.#take(text));
    incoming.on("error", () => incoming.destroy()); // closed on purpose, or the node was killed
  }

  /** The first event that fits, past or to come. */
  async first(what: string, fits: (data: T) => boolean, patience: Patience = {}): Promise<ReceivedEvent<T>> {
    return await until(what, () => this.received.find(({ data }) => fits(data)), { everyMs: 2, ...patience });
  }

  /** Calls back at every event until the returned function is called. */
  onEvent(listener: () => void): () => void {
    this.#waiting.add(listener);
    return () => this.#waiting.delete(listener);
  }

  close(): void {
    this.#incoming.destroy();
  }

  #take(text: string): void {
    const frames = (this.#rest + text).split("\n\n");
    this.#rest = frames.pop() ?? "";
    for (const frame of frames) {
      const data = /^data: (.*)$/m.exec(frame)?.[1];
      if (data === undefined) continue; // a heartbeat, or the time to wait before reconnecting
      const id = /^id: (.*)$/m.exec(frame)?.[1];
      const event = { id, data: JSON.parse(data) as T };
      this.received.push({ ...event, at: performance.now() });
    }
    for (const listener of this.#waiting) listener();
  }
}

export function expectOk(answer: NodeAnswer, what: string): NodeAnswer {
  if (answer.status >= 300) throw new Error(`${what} was answered with ${answer.status}: ${answer.text.slice(0, 500)}`);
  return answer;
}

function pathOf(key: string): string {
  return `/v1/kv/${encodeURIComponent(key)}`;
}
