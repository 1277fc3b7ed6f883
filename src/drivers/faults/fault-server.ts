/**
 * The test port: `GET /faults` says what is broken on purpose, `PUT /faults` says what shall be
 * from now on, all of it. On 127.0.0.1 only, for whoever has the node's token. Its address is in
 * `<data folder>/faults.url`, which is written last, so whoever reads it can ask at once.
 */
import { timingSafeEqual } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Fault } from "../../base/fault.ts";
import { type FaultSet, parseFaultJson } from "./fault-set.ts";

export interface FaultServerOptions {
  readonly dataDir: string;
  readonly token: string;
  current(): FaultSet;
  /** Returns once all of it is in force. */
  apply(faults: FaultSet): void;
}

export interface FaultServer {
  close(): Promise<void>;
}

/** Where the address of the test port stands. */
export function faultUrlFile(dataDir: string): string {
  return join(dataDir, "faults.url");
}

/** Limit: the largest set there can be has about 200 KiB. Guess. */
const bodyBytesMax: number = 256 * 1024;

export async function startFaultServer(options: FaultServerOptions): Promise<FaultServer> {
  const server = createServer((incoming, outgoing) => {
    answer(options, incoming).then(
      (faults) => outgoing.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(faults)),
      (error: unknown) => {
        const fault = error instanceof Fault ? error : new Fault("internal", String(error));
        const status = statusOf[fault.code] ?? 500;
        const body = { code: fault.code, message: fault.message, details: fault.details };
        outgoing.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
      },
    );
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  writeFileSync(faultUrlFile(options.dataDir), `http://127.0.0.1:${port}\n`, { mode: 0o600 });
  return { close: () => close(server, options.dataDir) };
}

const statusOf: Readonly<Record<string, number>> = {
  unauthorized: 401,
  forbidden_origin: 403,
  not_found: 404,
  invalid_argument: 400,
};

async function answer(options: FaultServerOptions, incoming: IncomingMessage): Promise<FaultSet> {
  const { host, origin, authorization } = incoming.headers;
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host ?? "") || origin !== undefined)
    throw new Fault("forbidden_origin", "The test port answers to programs on this machine only.");
  if (!isToken(authorization, options.token)) throw new Fault("unauthorized", "The test port needs the node's token.");
  if (incoming.url !== "/faults" || (incoming.method !== "GET" && incoming.method !== "PUT"))
    throw new Fault("not_found", "The test port knows GET and PUT of /faults.");
  if (incoming.method === "PUT") options.apply(parseFaultJson(await textOf(incoming)));
  return options.current();
}

function isToken(authorization: string | undefined, token: string): boolean {
  const [given, expected] = [Buffer.from(authorization ?? ""), Buffer.from(`Bearer ${token}`)];
  return given.length === expected.length && timingSafeEqual(given, expected);
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    bytes += (chunk as Buffer).length;
    if (bytes > bodyBytesMax) throw new Fault("invalid_argument", `A set of faults has at most ${bodyBytesMax} bytes.`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function close(server: Server, dataDir: string): Promise<void> {
  rmSync(faultUrlFile(dataDir), { force: true });
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
