import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestApi, testToken, type TestApi } from "../../test/support/api-client.ts";
import { allRoutes } from "./routes/all.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const open = ["/health", "/readyz", "/livez", "/metrics", "/"];

test("exactly the documented routes are open", () => {
  expect(
    allRoutes
      .filter((route) => route.open)
      .map(({ path }) => path)
      .sort(),
  ).toEqual([...open].sort());
});

test.each(open)("%s needs no token", async (path) => {
  expect((await api.ask("GET", path, { token: undefined })).status).toBe(200);
});

describe("every other route", () => {
  const closed = allRoutes
    .filter((route) => !route.open)
    .map(({ method, path }) => [method, path.replace(/\{\w+\}/, "x")] as const);

  test.each(closed)("%s %s refuses a request without the token", async (method, path) => {
    const answer = await api.ask(method, path, { token: undefined });
    expect([answer.status, answer.json()["code"], answer.headers["www-authenticate"]]).toEqual([
      401,
      "unauthorized",
      "Bearer",
    ]);
  });

  test.each(["", "x", `${testToken}x`, testToken.slice(1), testToken.toUpperCase(), "x".repeat(5_000)])(
    "a wrong token is refused (%#)",
    async (token) => {
      expect((await api.ask("GET", "/v1/status", { token })).status).toBe(401);
    },
  );

  test("the scheme's name has no case, and other schemes do not count", async () => {
    expect(
      (await api.ask("GET", "/v1/status", { token: undefined, headers: { authorization: `bEARER ${testToken}` } }))
        .status,
    ).toBe(200);
    expect(
      (await api.ask("GET", "/v1/status", { token: undefined, headers: { authorization: `Basic ${testToken}` } }))
        .status,
    ).toBe(401);
  });

  test("no answer repeats the token", async () => {
    for (const token of [testToken, `${testToken}x`]) {
      const answer = await api.ask("GET", "/v1/info", { token });
      expect(answer.text + JSON.stringify(answer.headers)).not.toContain(testToken);
    }
  });
});

describe("Host and Origin", () => {
  const ask = async (headers: Record<string, string>): Promise<number> =>
    (await api.ask("GET", "/health", { headers })).status;

  test.each(["localhost", "127.0.0.1", "[::1]", "LOCALHOST"])(
    "Host %s is this node's, with any port (tunnels change it)",
    async (name) => {
      expect(await ask({ host: name })).toBe(200);
      expect(await ask({ host: `${name}:${api.port}` })).toBe(200);
      expect(await ask({ host: `${name}:8080` })).toBe(200);
    },
  );

  test.each([
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "127.0.0.2",
    "localhost:1:2",
    "localhost@evil.example",
  ])("Host %j is refused, open route or not", async (host) => {
    const answer = await api.ask("GET", "/health", { headers: { host } });
    expect([answer.status, answer.json()["code"]]).toEqual([403, "forbidden_origin"]);
  });

  test("a page of this node's own may ask", async () => {
    expect(await ask({ host: `localhost:${api.port}`, origin: `http://localhost:${api.port}` })).toBe(200);
  });

  test.each(["null", "http://evil.example", "http://localhost:3000", "https://127.0.0.1", "http://127.0.0.1"])(
    "a page of Origin %s may not",
    async (origin) => {
      expect(await ask({ host: `127.0.0.1:${api.port}`, origin })).toBe(403);
    },
  );
});
