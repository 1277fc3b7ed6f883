import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startTestApi, type TestApi } from "../../test/support/api-client.ts";
import { Fault } from "../base/fault.ts";
import type { PeerId } from "../base/brand.ts";
import { entrySchema, pageSchema, receiptSchema, type PageView } from "./views.ts";

let api: TestApi;
beforeEach(async () => {
  api = await startTestApi();
});
afterEach(() => api.close());

describe("one key", () => {
  test("comes back byte for byte, with its version in the headers", async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const put = await api.ask("PUT", "/v1/kv/colour", { body: bytes });
    const receipt = receiptSchema.parse(put.json());
    const got = await api.ask("GET", "/v1/kv/colour");
    expect([put.status, got.status]).toEqual([200, 200]);
    expect(new Uint8Array(got.body)).toEqual(bytes);
    expect(got.headers).toMatchObject({
      "content-type": "application/octet-stream",
      "content-length": "256",
      "x-content-type-options": "nosniff",
      "x-certainty": "local",
      "x-stamp": String(receipt.stamp),
      "x-author": api.facade.info().peerId,
    });
    expect(got.headers.etag).toMatch(/^"[0-9a-f]+"$/);
  });

  test("comes as JSON where that is asked for: text as it is, other bytes in base64", async () => {
    await api.ask("PUT", "/v1/kv/text?ttl=60", { body: "grün" });
    await api.ask("PUT", "/v1/kv/bytes", { body: Uint8Array.of(0xff, 0) });
    const asJson = { headers: { accept: "text/html, application/json;q=0.9" } };
    const text = (await api.ask("GET", "/v1/kv/text", asJson)).json();
    expect(entrySchema.parse(text)).toMatchObject({
      key: "text",
      value: "grün",
      encoding: "utf8",
      expiresAt: "2026-01-02T03:05:05.000Z",
    });
    const bytes = (await api.ask("GET", "/v1/kv/bytes", asJson)).json();
    expect(entrySchema.parse(bytes)).toMatchObject({ value: "/wA=", encoding: "base64", expiresAt: null });
  });

  test.each(["a/b/c", "a%2Fb", "..", ".", "a/../b", "a//b", "ü ?#&+%", "?", "Ünïcödé/😀"])(
    "may be %j, through any spelling of its path",
    async (key) => {
      expect((await api.ask("PUT", `/v1/kv/${encodeURIComponent(key)}`, { body: key })).status).toBe(200);
      expect((await api.ask("GET", `/v1/kv/${encodeURIComponent(key).replaceAll("%2F", "/")}`)).text).toBe(key);
      expect((await api.facade.get(key))?.key).toBe(key);
    },
  );

  test.each([
    ["no key at all", "/v1/kv/", "invalid_key"],
    ["a control character", "/v1/kv/a%00b", "invalid_key"],
    ["a key that is too long", `/v1/kv/${"x".repeat(257)}`, "invalid_key"],
    ["broken percent-encoding", "/v1/kv/%zz", "invalid_argument"],
    ["percent-encoding of no text", "/v1/kv/%ff", "invalid_argument"],
  ])("is refused: %s", async (_, path, code) => {
    const answer = await api.ask("PUT", path, { body: "x" });
    expect([answer.status, answer.json()["code"]]).toEqual([400, code]);
  });

  test("that is not there is a 404 with a JSON body", async () => {
    const answer = await api.ask("GET", "/v1/kv/nothing");
    expect(answer.status).toBe(404);
    expect(answer.json()).toEqual({
      code: "not_found",
      message: 'There is no value under "nothing".',
      details: { key: "nothing" },
    });
  });

  test("can be deleted", async () => {
    await api.ask("PUT", "/v1/kv/a", { body: "1" });
    expect(receiptSchema.safeParse((await api.ask("DELETE", "/v1/kv/a")).json()).success).toBe(true);
    expect((await api.ask("GET", "/v1/kv/a")).status).toBe(404);
  });

  test("may be empty", async () => {
    expect((await api.ask("PUT", "/v1/kv/a")).status).toBe(200);
    expect((await api.ask("GET", "/v1/kv/a")).body).toHaveLength(0);
  });

  test("answers HEAD like GET, without the body", async () => {
    await api.ask("PUT", "/v1/kv/a", { body: "12345" });
    const head = await api.ask("HEAD", "/v1/kv/a");
    expect([head.status, head.headers["content-length"], head.body.length]).toEqual([200, "5", 0]);
  });

  test("is not sent again to who has this version", async () => {
    await api.ask("PUT", "/v1/kv/a", { body: "1" });
    const etag = (await api.ask("GET", "/v1/kv/a")).headers.etag ?? "";
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const answer = await api.ask("GET", "/v1/kv/a", { headers: { "if-none-match": known } });
      expect([answer.status, answer.body.length, answer.headers.etag]).toEqual([304, 0, etag]);
    }
    await api.ask("PUT", "/v1/kv/a", { body: "2" });
    expect((await api.ask("GET", "/v1/kv/a", { headers: { "if-none-match": etag } })).text).toBe("2");
  });
});

describe("conditions", () => {
  test("a write whose version is here is done, and tells its own", async () => {
    const first = await api.ask("PUT", "/v1/kv/a", { body: "1", headers: { "if-none-match": "*" } });
    expect([first.status, first.headers.etag]).toEqual([200, `"${String(first.json()["etag"])}"`]);
    const etag = first.headers.etag ?? "";
    const second = await api.ask("PUT", "/v1/kv/a", { body: "2", headers: { "if-match": `"x", ${etag}` } });
    expect(second.status).toBe(200);
    const gone = await api.ask("DELETE", "/v1/kv/a", { headers: { "if-match": "*" } });
    expect([gone.status, gone.headers.etag, gone.json()["etag"]]).toEqual([200, undefined, null]);
  });

  test("another version is a 412 that names it, and says that only this node was asked", async () => {
    const { etag = "" } = (await api.ask("PUT", "/v1/kv/a", { body: "1" })).headers;
    const body = "x";
    for (const [method, headers] of [
      ["PUT", { "if-match": '"other"' }],
      ["PUT", { "if-none-match": "*" }],
      ["PUT", { "if-none-match": etag }],
      ["DELETE", { "if-match": '"other"' }],
    ] as const) {
      const answer = await api.ask(method, "/v1/kv/a", { headers, ...(method === "PUT" && { body }) });
      expect([answer.status, answer.json()]).toMatchObject([
        412,
        { code: "precondition_failed", details: { key: "a", etag: JSON.parse(etag) as string, comparedWith: "local" } },
      ]);
    }
    expect((await api.ask("GET", "/v1/kv/a")).text).toBe("1");
  });

  test.each([
    [{ "if-match": "bare" }, "If-Match"],
    [{ "if-match": 'W/"weak"' }, "If-Match"],
    [{ "if-match": "" }, "If-Match"],
    [{ "if-match": "*", "if-none-match": "*" }, "If-None-Match"],
    [{ "if-unmodified-since": "Sun, 06 Nov 1994 08:49:37 GMT" }, "If-Unmodified-Since"],
  ])("what is not understood is refused, never passed over: %j", async (headers, field) => {
    const answer = await api.ask("PUT", "/v1/kv/a", { body: "1", headers });
    expect([answer.status, answer.json()]).toMatchObject([400, { code: "invalid_argument", details: { field } }]);
    expect(api.control.writes).toEqual([]);
  });

  test("a batch has them for each operation", async () => {
    const { etag = "" } = (await api.ask("PUT", "/v1/kv/a", { body: "1" })).headers;
    const ops = [
      { put: { key: "b", value: "1", ifNoneMatch: "*" } },
      { delete: { key: "a", ifMatch: [JSON.parse(etag) as string] } },
    ];
    expect((await api.ask("POST", "/v1/batch", { body: JSON.stringify({ ops }) })).status).toBe(200);
    const again = await api.ask("POST", "/v1/batch", { body: JSON.stringify({ ops }) });
    expect([again.status, again.json()["details"]]).toMatchObject([412, { key: "b" }]);
  });
});

describe("certainty", () => {
  test("and time to live reach the node as they were asked for", async () => {
    api.control.peers = [{ id: "p1" as PeerId }, { id: "p2" as PeerId }] as unknown as typeof api.control.peers;
    const answer = await api.ask("PUT", "/v1/kv/a?certainty=shared&copies=2&timeout=1.5&ttl=60", { body: "1" });
    expect(answer.json()).toMatchObject({ certainty: "shared", holders: ["p1", "p2"] });
    expect(api.control.writes).toEqual([{ certainty: "shared", copies: 2, timeoutMs: 1500 }]);
  });

  test("that was not reached is a 504 that says who has the write", async () => {
    const answer = await api.ask("PUT", "/v1/kv/a?certainty=shared&copies=2", { body: "1" });
    expect([answer.status, answer.json()]).toMatchObject([
      504,
      { code: "not_shared", details: { holders: [], missing: 2 } },
    ]);
  });

  test.each([
    ["certainty=final", "certainty"],
    ["certainity=shared", ""],
    ["certainty=shared&copies=0", "copies"],
    ["certainty=shared&copies=51", "copies"],
    ["certainty=shared&copies=two", "copies"],
    ["certainty=shared&timeout=601", "timeout"],
    ["certainty=shared&timeout=", "timeout"],
    ["copies=2", "copies"],
    ["certainty=local&timeout=2", "timeout"],
    ["ttl=0", "ttl"],
    ["ttl=4294967296", "ttl"],
    ["ttl=1&ttl=2", "ttl"],
  ])("%s is refused and nothing is written", async (query, field) => {
    const answer = await api.ask("PUT", `/v1/kv/a?${query}`, { body: "1" });
    expect([answer.status, answer.json()]).toMatchObject([400, { code: "invalid_argument", details: { field } }]);
    expect(api.control.writes).toEqual([]);
  });

  test("a delete takes no time to live", async () => {
    expect((await api.ask("DELETE", "/v1/kv/a?ttl=5")).status).toBe(400);
  });
});

describe("pages", () => {
  test("walk through all keys of a prefix in order", async () => {
    for (const key of ["b/3", "a/1", "b/1", "b/2", "c"]) await api.ask("PUT", `/v1/kv/${key}`, { body: key });
    const keys: string[] = [];
    let after = "";
    for (;;) {
      const page: PageView = pageSchema.parse((await api.ask("GET", `/v1/kv?prefix=b/&limit=2${after}`)).json());
      keys.push(...page.entries.map(({ key }) => key));
      if (page.next === null) break;
      after = `&after=${encodeURIComponent(page.next)}`;
    }
    expect(keys).toEqual(["b/1", "b/2", "b/3"]);
  });

  test.each(["limit=0", "limit=1001", "limit=x", "prefx=a"])("refuse %s", async (query) => {
    expect((await api.ask("GET", `/v1/kv?${query}`)).status).toBe(400);
  });
});

describe("a batch", () => {
  const post = (ops: unknown, query = ""): ReturnType<TestApi["ask"]> =>
    api.ask("POST", `/v1/batch${query}`, { body: JSON.stringify({ ops }) });

  test("writes and deletes at once", async () => {
    await api.ask("PUT", "/v1/kv/old", { body: "x" });
    const answer = await post([
      { put: { key: "a", value: "ü" } },
      { put: { key: "b", value: "/wA=", encoding: "base64", ttl: 9 } },
      { delete: { key: "old" } },
    ]);
    expect(receiptSchema.safeParse(answer.json()).success).toBe(true);
    expect(Buffer.from((await api.facade.get("a"))?.value ?? []).toString()).toBe("ü");
    expect(new Uint8Array((await api.facade.get("b"))?.value ?? [])).toEqual(Uint8Array.of(0xff, 0));
    expect(await api.facade.get("old")).toBeUndefined();
  });

  test.each([
    ["not JSON", "{", "invalid_argument"],
    ["not UTF-8", Uint8Array.of(0x22, 0xff, 0x22), "invalid_argument"],
    ["no ops", "{}", "invalid_argument"],
    ["an unknown op", '{"ops":[{"increment":{"key":"a"}}]}', "invalid_argument"],
    ["two ops in one", '{"ops":[{"put":{"key":"a","value":""},"delete":{"key":"b"}}]}', "invalid_argument"],
    ["an unknown field", '{"ops":[],"atomic":true}', "invalid_argument"],
    ["broken base64", '{"ops":[{"put":{"key":"a","value":"!","encoding":"base64"}}]}', "invalid_argument"],
    ["an empty batch", '{"ops":[]}', "invalid_batch"],
    ["a key twice", '{"ops":[{"put":{"key":"a","value":""}},{"delete":{"key":"a"}}]}', "invalid_batch"],
  ])("is refused: %s", async (_, body, code) => {
    const answer = await api.ask("POST", "/v1/batch", { body });
    expect([answer.status, answer.json()["code"]]).toEqual([400, code]);
  });
});

describe("faults of the node", () => {
  test.each([
    ["clock_refused", 503],
    ["overloaded", 503],
    ["stopping", 503],
    ["disk_full", 507],
    ["storage_failed", 500],
  ])("%s is status %i with its own words", async (code, status) => {
    api.control.failNext = new Fault(code, "why", { a: 1 });
    const answer = await api.ask("PUT", "/v1/kv/a", { body: "1" });
    expect([answer.status, answer.json()]).toEqual([status, { code, message: "why", details: { a: 1 } }]);
    expect(answer.headers["retry-after"]).toBe(status === 503 ? "1" : undefined);
  });

  test("anything else is `internal` without its words, and the operator hears of it", async () => {
    const error = new TypeError("secret inner words");
    api.control.failNext = error;
    const answer = await api.ask("GET", "/v1/kv/a?");
    expect([answer.status, answer.json()["code"]]).toEqual([500, "internal"]);
    expect(answer.text).not.toContain("secret");
    expect(api.reported).toEqual([{ error, where: "GET /v1/kv/a" }]);
    expect((await api.ask("GET", "/livez")).status).toBe(200);
  });
});
