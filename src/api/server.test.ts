import { once } from "node:events";
import { Agent } from "node:http";
import { connect, createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { open, readAnswer, startTestApi, testToken, type TestApi } from "../../test/support/api-client.ts";
import { memoryPeerId } from "../../test/support/memory-facade.ts";
import type { Instant, PeerId } from "../base/brand.ts";
import { Fault } from "../base/fault.ts";
import type { PeerStatus, SettingChange } from "../node/facade.ts";
import { limits } from "./limits.ts";
import { reloadSchema } from "./reload-views.ts";
import { allRoutes } from "./routes/all.ts";
import { healthSchema, infoSchema, peersSchema, statusSchema } from "./views.ts";

let api: TestApi;
beforeEach(async () => {
  api = await startTestApi();
});
afterEach(() => api.close());

const peer: PeerStatus = {
  id: "12D3KooWPeer" as PeerId,
  state: "Connected",
  class: "regular",
  score: undefined,
  direction: "outbound",
  address: "/ip4/10.0.0.1/tcp/4001",
  source: "mdns",
  link: 3,
  rttMs: 1.5,
  clockOffsetMs: -2,
  suspicion: { kind: "unreachableDirectly", since: Date.UTC(2026, 0, 3) as Instant },
  connectedSince: Date.UTC(2026, 0, 1) as Instant,
  lastError: undefined,
  nextDialAt: undefined,
  history: [{ state: "Connected", enteredAt: Date.UTC(2026, 0, 1) as Instant }],
};
const unknownPeer: PeerStatus = {
  ...peer,
  id: undefined,
  state: "Failed",
  rttMs: undefined,
  link: undefined,
  direction: undefined,
  connectedSince: undefined,
  suspicion: undefined,
  lastError: { code: "refused", reason: "refused", at: Date.UTC(2026, 0, 2) as Instant },
};

/** What comes back for these very bytes. */
function raw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(api.port, "127.0.0.1", () => socket.write(bytes));
    let text = "";
    socket.on("data", (chunk) => (text += chunk.toString("latin1")));
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
  });
}

describe("the node", () => {
  test.each([
    ["ok", 200],
    ["degraded", 200],
    ["critical", 503],
  ] as const)("that is %s has health status %i, with its checks", async (status, code) => {
    api.control.checks = [
      { name: "a", status: "ok", message: "fine" },
      { name: "b", status, message: "as it is" },
    ];
    for (const path of ["/health", "/readyz"]) {
      const answer = await api.ask("GET", path);
      expect([answer.status, healthSchema.parse(answer.json())]).toEqual([
        code,
        { status, checks: api.control.checks },
      ]);
    }
  });

  test("answers /livez, and HEAD on /health", async () => {
    expect((await api.ask("GET", "/livez")).json()).toEqual({ status: "ok" });
    expect((await api.ask("HEAD", "/health")).status).toBe(200);
  });

  test("has metrics in the Prometheus text format", async () => {
    const answer = await api.ask("GET", "/metrics");
    expect(answer.headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(answer.text).toContain("p2p_sync_entries 0");
  });

  test("has a page for browsers that loads and runs nothing", async () => {
    const answer = await api.ask("GET", "/");
    expect(answer.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(answer.headers["content-security-policy"]).toContain("default-src 'none'");
    expect(answer.text).not.toMatch(/<script|src=|@import|https?:/);
  });

  test("has a status and an info with the API's own address", async () => {
    api.control.http = api.server.url;
    const status = statusSchema.parse((await api.ask("GET", "/v1/status")).json());
    expect(status).toMatchObject({
      peerId: memoryPeerId,
      network: "p2p-sync",
      entries: 0,
      peers: 0,
      heldBack: 0,
      uptimeSeconds: 61,
      http: api.server.url,
    });
    expect(Object.keys(status.counters)).toHaveLength(8);
    const info = infoSchema.parse((await api.ask("GET", "/v1/info")).json());
    expect(info).toMatchObject({ peerId: memoryPeerId, http: api.server.url, startedAt: "2026-01-02T03:04:05.000Z" });
  });

  test("reads its configuration again when told, and says what became of each changed setting", async () => {
    const keys = { from: ["a"], to: ["b"] };
    const changes: SettingChange[] = [
      { key: "p2p.mdns", from: true, to: false, outcome: "applied", reason: undefined },
      { key: "p2p.dial", ...keys, outcome: "restart", reason: undefined },
      { key: "log.file", from: "", to: "/x", outcome: "refused", reason: "it cannot be written" },
    ];
    const invalid = new Fault("invalid_config", "line 3: no such key");
    let reads = 0;
    const reading = await startTestApi({
      reloadConfig: () => {
        if (++reads === 2) throw invalid;
        return changes;
      },
    });
    const answer = await reading.ask("POST", "/v1/config/reload");
    expect(reloadSchema.parse(answer.json())).toEqual({
      changes: changes.map((change) => ({ ...change, reason: change.reason ?? null })),
    });
    const refused = await reading.ask("POST", "/v1/config/reload");
    expect([refused.status, refused.json()]).toMatchObject([422, { code: "invalid_config", message: invalid.message }]);
    await reading.close();
    expect((await api.ask("POST", "/v1/config/reload")).json()).toMatchObject({ code: "not_found" });
  });

  test("repairs its clock when told", async () => {
    expect((await api.ask("POST", "/v1/clock/repair")).json()).toEqual({ reissued: 3 });
  });
});

describe("peers", () => {
  test("are listed with the same fields in every row, what is unknown being null", async () => {
    api.control.peers = [peer, unknownPeer];
    const { peers } = peersSchema.parse((await api.ask("GET", "/v1/peers")).json());
    expect(peers[0]).toMatchObject({
      id: peer.id,
      state: "Connected",
      class: "regular",
      score: null,
      direction: "outbound",
      rttMs: 1.5,
      connectedSince: "2026-01-01T00:00:00.000Z",
      suspicion: { kind: "unreachableDirectly", since: "2026-01-03T00:00:00.000Z" },
    });
    expect(peers[1]).toMatchObject({
      id: null,
      rttMs: null,
      lastError: { code: "refused", reason: "refused", at: "2026-01-02T00:00:00.000Z" },
    });
    expect(Object.keys(peers[0] ?? {})).toEqual(Object.keys(peers[1] ?? {}));
  });

  test("can be asked for one by one", async () => {
    api.control.peers = [unknownPeer, peer];
    expect((await api.ask("GET", `/v1/peers/${peer.id}`)).json()).toMatchObject({ id: peer.id });
    expect((await api.ask("GET", "/v1/peers/nobody")).status).toBe(404);
  });

  test("can be dialed", async () => {
    const address = "/ip4/10.0.0.9/tcp/4001";
    const answer = await api.ask("POST", "/v1/peers/dial", { body: JSON.stringify({ address }) });
    expect([answer.status, answer.json(), api.control.dialed]).toEqual([202, { address }, [address]]);
  });

  test.each([
    ['{"address":"nowhere"}', "invalid_address"],
    ["{}", "invalid_argument"],
    ["", "invalid_argument"],
  ])("are not dialed for %s", async (body, code) => {
    const answer = await api.ask("POST", "/v1/peers/dial", { body });
    expect([answer.status, answer.json()["code"]]).toEqual([400, code]);
  });
});

describe("routes", () => {
  test.each(["/nothing", "/v1", "/v1/kvx", "/v1/peers/a/b", "/v1/status/", "//health", "/health/../health"])(
    "%s is a JSON 404",
    async (path) => {
      const answer = await api.ask("GET", path);
      expect([answer.status, answer.json()["code"]]).toEqual([404, "not_found"]);
    },
  );

  test.each([
    ["POST", "/health", "GET, HEAD"],
    ["PUT", "/v1/kv", "GET, HEAD"],
    ["POST", "/v1/kv/a", "GET, PUT, DELETE, HEAD"],
    ["GET", "/v1/batch", "POST"],
    ["OPTIONS", "/v1/status", "GET, HEAD"],
    ["PATCH", "/v1/peers/x", "GET, HEAD"],
  ])("%s %s is a 405 that lists what is allowed", async (method, path, allow) => {
    const answer = await api.ask(method, path);
    expect([answer.status, answer.headers.allow]).toEqual([405, allow]);
  });

  test("answer every request that proxies write out in full", async () => {
    const answer = await raw(`GET http://127.0.0.1/livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  });

  test("are all in the OpenAPI document, and it has no others", async () => {
    const document = (await api.ask("GET", "/v1/openapi.json")).json() as {
      readonly openapi: string;
      readonly paths: Record<string, Record<string, { readonly operationId: string; readonly security: unknown[] }>>;
    };
    expect(document.openapi).toBe("3.1.1");
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.sort()).toEqual(allRoutes.map(({ method, path }) => `${method} ${path}`).sort());
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    expect(document.paths["/health"]?.["get"]?.security).toEqual([]);
    expect(document.paths["/v1/status"]?.["get"]?.security).toEqual([{ token: [] }]);
  });
});

describe("limits", () => {
  test("a value of 64 KiB fits, one byte more does not", async () => {
    expect((await api.ask("PUT", "/v1/kv/a", { body: new Uint8Array(limits.valueBytesMax) })).status).toBe(200);
    const answer = await api.ask("PUT", "/v1/kv/b", { body: new Uint8Array(limits.valueBytesMax + 1) });
    expect([answer.status, answer.json()["code"]]).toEqual([413, "value_too_large"]);
  });

  test("a declared length over the limit is refused before a byte of it is sent", async () => {
    const answer = await open(api.port, "PUT", "/v1/kv/a", { headers: { "content-length": "999999999" } });
    expect(answer.statusCode).toBe(413);
    answer.destroy();
  });

  test("an undeclared length is refused as soon as it passes the limit", async () => {
    const head = `PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${testToken}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`;
    const chunk = `4000\r\n${"x".repeat(0x4000)}\r\n`;
    expect(await raw(`${head}${chunk.repeat(5)}0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 413 .*value_too_large/s);
    expect((await api.facade.get("a")) === undefined).toBe(true);
  });

  test.each([
    ["/v1/batch", limits.batchBodyBytesMax],
    ["/v1/peers/dial", limits.smallBodyBytesMax],
  ])("a body over the limit of %s is refused", async (path, bytesMax) => {
    const answer = await api.ask("POST", path, { body: " ".repeat(bytesMax + 1) });
    expect([answer.status, answer.json()]).toMatchObject([413, { code: "body_too_large", details: { bytesMax } }]);
  });

  test("a batch of 900 KiB in base64 fits", async () => {
    const value = Buffer.alloc(64 * 1024).toString("base64");
    const ops = Array.from({ length: 14 }, (_, index) => ({ put: { key: `k${index}`, value, encoding: "base64" } }));
    expect((await api.ask("POST", "/v1/batch", { body: JSON.stringify({ ops }) })).status).toBe(200);
  });

  test("headers over the limit are a JSON 431, what is no HTTP a JSON 400, and the node lives on", async () => {
    expect(await raw(`GET /health HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 .*"code":"invalid_argument"/s,
    );
    expect(await raw("hello\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 .*"code":"invalid_argument"/s);
    expect((await api.ask("GET", "/livez")).status).toBe(200);
  });

  test("a client that breaks off in the middle of a body does no harm", async () => {
    const socket = connect(api.port, "127.0.0.1");
    socket.write(
      `PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${testToken}\r\nContent-Length: 100\r\n\r\nhalf`,
    );
    await new Promise((resolve) => socket.once("connect", resolve));
    expect((await api.ask("GET", "/livez")).status).toBe(200);
    socket.destroy();
    expect((await api.ask("GET", "/livez")).status).toBe(200);
    expect([await api.facade.get("a"), api.reported]).toEqual([undefined, []]);
  });
});

describe("the server's own life", () => {
  test("a taken port is named, with the program that holds it", async () => {
    const other = createServer();
    const port = await new Promise<number>((resolve) =>
      other.listen(0, "127.0.0.1", () => resolve((other.address() as { port: number }).port)),
    );
    const named = process.platform === "linux" ? `${port} on 127.0.0.1 is in use by ` : String(port);
    const holder = process.platform === "linux" ? `(process ${process.pid})` : "another program";
    const refusal = await startTestApi({ port }).catch((error: unknown) => error as Fault);
    expect(refusal).toMatchObject({ code: "port_in_use" });
    expect((refusal as Fault).message).toContain(named);
    expect((refusal as Fault).message).toContain(holder);
    await new Promise((resolve) => other.close(resolve));
  });

  test("an address of another machine cannot be bound", async () => {
    await expect(startTestApi({ host: "192.0.2.1" })).rejects.toMatchObject({ code: "invalid_config" });
  });

  test("closing waits for no connection that is owed no answer", async () => {
    const agent = new Agent({ keepAlive: true });
    const silent = [connect(api.port, "127.0.0.1").resume(), connect(api.port, "127.0.0.1").resume()];
    await Promise.all(silent.map((socket) => once(socket, "connect")));
    silent[1]?.write("GET /livez HT");
    const stream = await open(api.port, "GET", "/v1/watch", {}, agent);
    await api.ask("GET", "/livez"); // accepted after the others
    vi.useFakeTimers({ toFake: ["setTimeout"] }); // so that the grace time never ends
    const gone = silent.map((socket) => once(socket, "close"));
    await api.server.close();
    vi.useRealTimers();
    await expect(Promise.all([readAnswer(stream), ...gone])).resolves.toMatchObject([
      { status: 200 },
      [false],
      [false],
    ]);
    agent.destroy();
    api = await startTestApi();
  });
});
