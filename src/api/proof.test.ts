/** Proofs over HTTP, with a node in memory behind. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { type TestApi, startTestApi } from "../../test/support/api-client.ts";
import { checkProof } from "../core/data/trie/check-proof.ts";
import { proofSchema } from "./views.ts";

let api: TestApi;
beforeEach(async () => void (api = await startTestApi()));
afterEach(() => api.close());

test.each(["there", "a/proof", "a/../b"])(
  "a proof of %j comes as bytes with its root beside it, or as JSON",
  async (key) => {
    await api.ask("PUT", `/v1/kv/${encodeURIComponent(key)}`, { body: "x" });
    const raw = await api.ask("GET", `/v1/proof/${encodeURIComponent(key)}`);
    expect(raw.headers).toMatchObject({ "content-type": "application/octet-stream", "x-count": "1" });
    const root = Buffer.from(String(raw.headers["x-root"]), "hex");
    expect(checkProof(root, key, raw.body)).toMatchObject({ ok: true, value: { type: "present", count: 1 } });
    const asked = { headers: { accept: "application/json" } };
    const view = proofSchema.parse((await api.ask("GET", `/v1/proof/${encodeURIComponent(key)}`, asked)).json());
    expect(view).toEqual({ key, root: root.toString("hex"), count: 1, proof: raw.body.toString("base64") });
  },
);

test("absence is an answer like any other", async () => {
  const answer = await api.ask("GET", "/v1/proof/nothing");
  expect(answer.status).toBe(200);
  const root = Buffer.from(String(answer.headers["x-root"]), "hex");
  expect(checkProof(root, "nothing", answer.body)).toEqual({ ok: true, value: { type: "absent", count: 0 } });
});

test("what is no key is refused", async () => {
  const answer = await api.ask("GET", "/v1/proof/a%00b");
  expect([answer.status, answer.json()["code"]]).toEqual([400, "invalid_key"]);
});
