/**
 * An API server over a node in memory, and the plainest client there is: what a test writes is
 * what goes over the wire.
 */
import { Agent, request, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { describePortHolder } from "../../src/node/port-holder.ts";
import { startApiServer, type ApiServer, type ApiServerOptions } from "../../src/api/server.ts";
import { createMemoryNode, type MemoryNode } from "./memory-facade.ts";

export const testToken = "correct-horse-battery-staple";

export interface TestApi extends MemoryNode {
  readonly server: ApiServer;
  readonly port: number;
  readonly reported: { readonly error: unknown; readonly where: string }[];
  /** With the right token, unless `token` says otherwise. */
  ask(method: string, path: string, options?: AskOptions): Promise<TestAnswer>;
  close(): Promise<void>;
}

export interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly token?: string | undefined;
}

export interface TestAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  json(): Record<string, unknown>;
}

export async function startTestApi(options: Partial<ApiServerOptions> = {}): Promise<TestApi> {
  const node = createMemoryNode();
  const reported: { error: unknown; where: string }[] = [];
  const server = await startApiServer({
    describePortHolder,
    facade: node.facade,
    host: "127.0.0.1",
    port: 0,
    token: testToken,
    version: "9.9.9",
    report: (error, where) => reported.push({ error, where }),
    ...options,
  });
  const port = Number(new URL(server.url).port);
  const agent = new Agent({ keepAlive: true });
  return {
    ...node,
    server,
    port,
    reported,
    ask: async (method, path, asked = {}) => await readAnswer(await open(port, method, path, asked, agent)),
    close: async () => {
      agent.destroy();
      await server.close();
    },
  };
}

/** The answer with its body still to come, for streams. */
export function open(
  port: number,
  method: string,
  path: string,
  asked: AskOptions,
  agent: Agent | false = false,
): Promise<IncomingMessage> {
  const token = "token" in asked ? asked.token : testToken;
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: "127.0.0.1",
      port,
      method,
      path,
      agent,
      headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...asked.headers },
    });
    outgoing.on("response", resolve);
    outgoing.on("error", reject);
    outgoing.end(asked.body);
  });
}

export async function readAnswer(incoming: IncomingMessage): Promise<TestAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const text = body.toString("utf8");
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    body,
    text,
    json: () => JSON.parse(text) as Record<string, unknown>,
  };
}
