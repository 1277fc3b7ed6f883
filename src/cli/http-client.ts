/**
 * Talks to a running node. Every wait has an end: to connect and answer, and, in a stream, from
 * one heartbeat to the next. Plain node:http, because a key must reach the node as it is written:
 * other clients rewrite paths such as `/v1/kv/..`.
 */
import { request as httpRequest, type IncomingMessage } from "node:http";
import { Fault } from "../base/fault.ts";
import type { Target } from "./target.ts";

/** Guess: a node on the same machine answers in milliseconds. */
const answerTimeoutMs = 10_000;
/** Three heartbeats of the API. */
export const silentStreamMs = 45_000;
/** Limit: a page of 1 MiB of values, escaped character by character, with room to spare. */
const answerBytesMax = 16 * 1024 * 1024;

export interface ClientRequest {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  /** Instead of the usual time, for who asks many nodes and would rather go on without one. */
  readonly withinMs?: number;
  /** On top of the usual time, where the node was asked to wait for others. */
  readonly extraWaitMs?: number;
  /** Statuses over 399 that are answers all the same. */
  readonly expected?: readonly number[];
}

export interface ClientAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** Throws `no_node`, or the fault the node answered with. */
export async function ask(target: Target, request: ClientRequest): Promise<ClientAnswer> {
  const timeoutMs = (request.withinMs ?? answerTimeoutMs) + (request.extraWaitMs ?? 0);
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const incoming = await open(target, request, signal);
    const answer = { status: incoming.statusCode ?? 0, body: await collect(incoming, target) };
    if (answer.status >= 400 && request.expected?.includes(answer.status) !== true) throw faultOf(target, answer);
    return answer;
  } catch (error) {
    if (signal.aborted)
      throw new Fault(
        "no_node",
        `The node at ${target.url} did not answer within ${timeoutMs / 1_000} s.`,
        { url: target.url },
        error,
      );
    throw noNode(target, error);
  }
}

/** The same for an answer in JSON. */
export async function askJson<View>(target: Target, request: ClientRequest): Promise<View> {
  const { body } = await ask(target, request);
  return JSON.parse(body.toString("utf8")) as View;
}

/** Chunks of a stream as they come. Ends when the node ends it; throws `no_node` when it falls silent. */
export async function* askStream(target: Target, request: ClientRequest): AsyncGenerator<Buffer> {
  const connecting = new AbortController();
  const late = setTimeout(() => connecting.abort(), answerTimeoutMs);
  let incoming: IncomingMessage | undefined;
  try {
    incoming = await open(target, request, connecting.signal);
    clearTimeout(late);
    if ((incoming.statusCode ?? 0) >= 400)
      throw faultOf(target, { status: incoming.statusCode ?? 0, body: await collect(incoming, target) });
    incoming.socket.setTimeout(silentStreamMs, () =>
      incoming?.destroy(new Error(`nothing heard for ${silentStreamMs / 1_000} s`)),
    );
    for await (const chunk of incoming) yield chunk as Buffer;
  } catch (error) {
    throw noNode(target, error);
  } finally {
    clearTimeout(late);
    incoming?.destroy();
  }
}

function open(
  target: Target,
  { method, path, headers, body }: ClientRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { hostname, port } = new URL(target.url);
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      host: hostname.replace(/^\[|\]$/g, ""),
      port,
      ...(target.connect === undefined ? { agent: false } : { createConnection: target.connect }),
      method,
      path,
      signal,
      headers: {
        ...headers,
        ...(target.token !== undefined && { authorization: `Bearer ${target.token}` }),
        ...(body !== undefined && { "content-length": body.length }),
      },
    });
    outgoing.once("response", resolve);
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

async function collect(incoming: IncomingMessage, target: Target): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    bytes += (chunk as Buffer).length;
    if (bytes > answerBytesMax)
      throw new Fault("internal", `The answer of ${target.url} is over ${answerBytesMax} bytes.`, { url: target.url });
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function faultOf(target: Target, { status, body }: ClientAnswer): Fault {
  try {
    const { code, message, details } = JSON.parse(body.toString("utf8")) as Record<string, unknown>;
    if (typeof code === "string" && typeof message === "string")
      return new Fault(code, message, { ...(details as object) });
  } catch {
    // not JSON: the next line says what that means
  }
  return new Fault("no_node", `${target.url} answers with status ${status}, but not as a P2P Sync node does.`, {
    url: target.url,
    status,
  });
}

function noNode(target: Target, error: unknown): Fault {
  if (error instanceof Fault) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = code === "ECONNREFUSED" ? "nothing listens there" : message;
  return new Fault(
    "no_node",
    `No node answers at ${target.url}${target.from === undefined ? "" : ` (from ${target.from})`}: ${reason}.`,
    { url: target.url },
    error,
  );
}
