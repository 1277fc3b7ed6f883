/**
 * The HTTP server of a node: bound to the loopback, with a limit on everything a client can make
 * it hold. It stops in order: no new connections, streams ended, running requests given a moment.
 */
import { createServer, STATUS_CODES, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { Fault } from "../base/fault.ts";
import type { NodeFacade, SettingChange } from "../node/facade.ts";
import { faultView } from "./answers.ts";
import { BodyBudget } from "./body.ts";
import { Connections } from "./connections.ts";
import { createGuard, hostForm } from "./guard.ts";
import { limits } from "./limits.ts";
import { createRequestHandler } from "./request-handler.ts";
import { createRouter } from "./router.ts";
import { allRoutes } from "./routes/all.ts";
import { Streams, type StreamLimits } from "./streams.ts";

export interface ApiServerOptions {
  readonly facade: NodeFacade;
  /** A loopback address; the configuration refuses any other. */
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly token: string;
  readonly version: string;
  /** Hears of every failure that is not a client's doing; `where` is method and path. */
  readonly report: (error: unknown, where: string) => void;
  /** Reads the configuration again; undefined where there is no file to read. Throws `invalid_config`. */
  readonly reloadConfig?: () => readonly SettingChange[];
  readonly streamLimits?: StreamLimits;
  /** Names the program on a taken port for the message, where it can be found out. */
  readonly describePortHolder: (port: number) => Promise<string | undefined>;
}

export interface ApiServer {
  /** `http://127.0.0.1:9001`, with the port that was picked. */
  readonly url: string;
  /** Resolves when every connection is gone, at the latest after the grace time. */
  close(): Promise<void>;
}

/** Throws `port_in_use`, or `invalid_config` where the address cannot be bound at all. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { facade, host, token, version, report } = options;
  const streams = new Streams(options.streamLimits ?? limits);
  const handler = createRequestHandler({
    facade,
    reloadConfig: options.reloadConfig,
    streams,
    version,
    report,
    router: createRouter(allRoutes),
    guard: createGuard(host, token),
    budget: new BodyBudget(limits.bodiesBytesMax),
  });
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: 1_000,
      noDelay: true,
    },
    handler,
  );
  server.maxHeadersCount = limits.headersMax;
  server.maxConnections = limits.connectionsMax;
  const connections = new Connections(server);
  server.on("clientError", answerBrokenRequest);
  await listen(server, options);
  const bound = (server.address() as AddressInfo).port;
  return { url: `http://${hostForm(host)}:${bound}`, close: () => close(server, connections, streams) };
}

function listen(server: Server, { host, port, describePortHolder }: ApiServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      describeListenError(error, host, port, describePortHolder).then(reject, reject);
    });
    server.listen(port, host, resolve);
  });
}

async function describeListenError(
  error: NodeJS.ErrnoException,
  host: string,
  port: number,
  describePortHolder: ApiServerOptions["describePortHolder"],
): Promise<Fault> {
  if (error.code === "EADDRINUSE") {
    const holder = await describePortHolder(port);
    return new Fault(
      "port_in_use",
      `The HTTP port ${port} on ${host} is in use by ${holder ?? "another program"}.`,
      { host, port, holder: holder ?? null },
      error,
    );
  }
  return new Fault(
    "invalid_config",
    `The HTTP API cannot listen on ${host} port ${port}: ${error.message}.`,
    { host, port },
    error,
  );
}

async function close(server: Server, connections: Connections, streams: Streams): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  streams.closeAll();
  connections.close();
  const cut = setTimeout(() => server.closeAllConnections(), limits.closeGraceMs);
  await closed;
  clearTimeout(cut);
}

const brokenRequests: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/** What is not even HTTP gets the same form of answer as everything else. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = brokenRequests[error.code ?? ""] ?? 400;
  const body = JSON.stringify(
    faultView(new Fault("invalid_argument", `The request is not acceptable HTTP: ${STATUS_CODES[status]}.`)),
  );
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
