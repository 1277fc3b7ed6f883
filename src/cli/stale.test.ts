/** `stale` and `adopt` against the API of a node in memory, with and without a terminal. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Instant, PeerId, Stamp } from "../base/brand.ts";
import { type TestApi, startTestApi } from "../../test/support/api-client.ts";
import { type Run, runAgainst } from "../../test/support/run-against.ts";

let api: TestApi;
const at = Date.UTC(2026, 0, 2) as Instant;
const peer = "12D3KooWone" as PeerId;

beforeEach(async () => void (api = await startTestApi()));
afterEach(() => api.close());

const run = (words: readonly string[], typed?: string): Promise<Run> => runAgainst(api, words, typed);

function setAside(...keys: readonly string[]): void {
  const entry = { sizeBytes: 5, writer: peer, stamp: (at * 1000) as Stamp, at, since: undefined };
  api.control.stale.aside = keys.map((key) => ({ key, ...entry }));
}

const asideKeys = (): readonly string[] => api.control.stale.aside.map(({ key }) => key);

describe("stale", () => {
  test("is exit code 0 and quiet where all is in order, 1 where something is set aside", async () => {
    expect(await run(["stale"])).toMatchObject({ code: 0, out: expect.stringContaining("nothing is set aside") });
    setAside("a", "b");
    expect(await run(["stale", "--limit", "1"])).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^a .*… and 1 more/ms),
    });
    expect(JSON.parse((await run(["stale", "--json", "--prefix", "b"])).out)).toMatchObject({
      setAside: 1,
      next: null,
    });
  });

  test("status says when there is reason to look, and nothing else", async () => {
    expect((await run(["status"])).out).not.toMatch(/^age|^set aside/m);
    api.control.stale.told = { ...api.control.stale.told, age: "stale" };
    setAside("a", "b");
    expect((await run(["status"])).out).toMatch(
      /^age +stale: .*p2p-sync stale\nset aside +2 old entries; see: p2p-sync stale$/m,
    );
    api.control.stale.told = { ...api.control.stale.told, age: "young" };
    expect((await run(["status"])).out).toMatch(/^age +young: .*nothing to do$/m);
  });

  test("shows more than a page", async () => {
    setAside(...Array.from({ length: 1_200 }, (_, i) => `k${i}`));
    const { entries, next } = JSON.parse((await run(["stale", "--json", "--limit", "1100"])).out) as {
      readonly entries: readonly { readonly key: string }[];
      readonly next: number | null;
    };
    expect([entries.length, entries.at(-1)?.key, next]).toEqual([1_100, "k1099", 101]);
  });

  test("--reissue and --drop name the keys that are not there, with exit code 4", async () => {
    setAside("a", "b");
    expect(await run(["stale", "--reissue", "a", "x"])).toMatchObject({
      code: 4,
      out: "1 entry written again\nno value is set aside under: x\n",
    });
    expect(await run(["stale", "--drop", "b"])).toMatchObject({ code: 0, out: "1 entry forgotten\n" });
    expect([asideKeys(), Buffer.from((await api.facade.get("a"))?.value ?? []).toString()]).toEqual([[], "again"]);
  });

  test("--reissue-all goes on in several requests, says how far it is, and leaves alone what was touched since", async () => {
    setAside("other", ...Array.from({ length: 250 }, (_, i) => `p/${i}`));
    const { stale } = api.control;
    stale.aside = stale.aside.map((entry) => (entry.key === "p/7" ? { ...entry, since: "deleted" } : entry));
    expect(await run(["stale", "--reissue-all", "--prefix", "p/"])).toEqual({
      code: 0,
      out: "249 entries written again\n",
      err: "100 of 249\n200 of 249\n249 of 249\n",
    });
    expect(asideKeys()).toEqual(["other", "p/7"]);
    expect(await run(["stale", "--reissue-all", "--prefix", "p/", "--json"])).toMatchObject({
      code: 0,
      out: '{"reissued":0,"unknown":[]}\n',
    });
  });

  test.each([
    ["two decisions", ["stale", "--reissue-all", "--drop", "a"], /goes at a time/],
    ["a limit that is none", ["stale", "--limit", "many"], /--limit must be/],
  ])("%s: exit code 2", async (_, words, message) => {
    expect(await run(words)).toMatchObject({ code: 2, err: expect.stringMatching(message) });
  });
});

describe("adopt", () => {
  const connected = { target: peer, peer, conclusion: "Connected.", next: "Nothing to do.", facts: [], views: [] };
  beforeEach(() => {
    const { stale } = api.control;
    stale.linked = [peer];
    stale.told = { ...stale.told, apart: [{ peer, entries: 7, at }] };
    api.facade.why = async () => ({ ...connected, cause: "connected" });
    api.control.convergence = {
      ...api.control.convergence,
      members: [
        {
          peer,
          state: "equal",
          heardAt: at,
          entries: 1,
          lagEntries: 0,
          since: undefined,
          lastEqualAt: at,
          heldBack: 0,
          full: false,
          frontier: undefined,
          keysItMayLack: [],
        },
      ],
    };
  });

  test("tells what it would do, asks, and tells what came of it", async () => {
    const { code, out, err } = await run(["adopt", "12D3KooWo"], "y\n");
    expect(err).toContain(`Old entries here that ${peer} has not are set aside: 7 entries when it was last compared`);
    expect([code, out]).toEqual([
      0,
      `followed ${peer}: set aside 2 entries, took over 3 entries\nboth are equal now\n`,
    ]);
    expect(api.control.stale.told.adoption).toMatchObject({ peer, state: "done" });
  });

  test("does nothing where the answer is not yes, or never comes", async () => {
    for (const typed of ["\n", "no\n", ""])
      expect(await run(["adopt", peer], typed)).toMatchObject({
        code: 1,
        out: "",
        err: expect.stringContaining("nothing was done"),
      });
    expect(api.control.stale.told.adoption).toBeUndefined();
  });

  test("without a terminal needs --yes", async () => {
    expect(await run(["adopt", peer])).toMatchObject({ code: 2, err: expect.stringContaining("--yes") });
    expect(api.control.stale.told.adoption).toBeUndefined();
    expect(JSON.parse((await run(["adopt", peer, "--yes", "--json"])).out)).toEqual({
      peer,
      state: "done",
      setAside: 2,
      taken: 3,
      equal: true,
    });
  });

  test.each([
    ["waiting", /comparing with .*\nthis goes on by itself/],
    ["linkLost", /was lost before all was compared.*\nrun it again/],
  ] as const)("an order that is still %s is exit code 1", async (state, message) => {
    api.control.stale.becomes = state;
    expect(await run(["adopt", peer, "--yes", "--wait", "0s"])).toMatchObject({
      code: 1,
      out: expect.stringMatching(message),
    });
  });

  test.each([
    ["ambiguous", 2],
    ["self", 2],
    ["unknown", 1],
    ["refused", 1],
  ])("a peer that is %s is refused before anything is asked", async (cause, code) => {
    api.facade.why = async () => ({ ...connected, cause });
    const told = await run(["adopt", peer], "y\n");
    expect([told.code, told.err.includes("Go on?")]).toEqual([code, false]);
  });
});
