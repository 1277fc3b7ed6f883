/** Orders about peers, from the command line through the API to a node in memory. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { closedSchema, knownPeersSchema, rulesSchema } from "../api/peer-views.ts";
import type { Instant } from "../base/brand.ts";
import { type TestApi, startTestApi } from "../../test/support/api-client.ts";
import { memoryPeerId } from "../../test/support/memory-facade.ts";
import { type Run, runAgainst } from "../../test/support/run-against.ts";

let api: TestApi;
const peer = memoryPeerId;
const run = (...words: readonly string[]): Promise<Run> => runAgainst(api, words);

beforeEach(async () => void (api = await startTestApi()));
afterEach(() => api.close());

describe("rules", () => {
  test("are made, listed, and taken back", async () => {
    expect((await run("peer", "rules")).out).toBe("nobody is banned, nobody is exempt\n");
    expect(await run("peer", "ban", peer, "--for", "2h", "--reason", "too\nloud")).toMatchObject({
      code: 0,
      out: `banned ${peer} for 2h\n`,
    });
    expect((await run("peer", "allow", "10.0.0.0/8")).out).toBe("allowed 10.0.0.0/8 until p2p-sync peer unban\n");
    const { out } = await run("peer", "bans");
    expect(out).toMatch(/^TARGET +RULE +BY +ENDS +REASON\n10\.0\.0\.0\/8 +allow +operator +when it is lifted/);
    expect(out).toMatch(/ban +operator +in .* +too\\nloud\n/);
    const json = rulesSchema.parse(JSON.parse((await run("peer", "rules", "--json")).out));
    expect(json.rules).toMatchObject([
      { target: "10.0.0.0/8", kind: "allow", until: null },
      { target: peer, kind: "ban", source: "operator", until: "2026-01-02T05:04:05.000Z" },
    ]);
    expect((await run("peer", "unban", peer)).out).toBe(`no rule stands about ${peer} any more\n`);
    expect(await run("peer", "unban", peer)).toMatchObject({ code: 4, err: expect.stringContaining("no rule about") });
  });

  test.each([
    [["peer", "ban", "nobody"], "nobody is no target"],
    [["peer", "ban", peer, "--for", "soon"], "--for is a time such as 90s, 30m, 12h or 7d, not soon."],
    [["peer", "ban", peer, "--for", "0s"], "--for is a time such as"],
  ])("%j is refused in words", async (words, message) => {
    expect(await run(...words)).toMatchObject({ code: 2, err: expect.stringContaining(message) });
  });
});

test("a peer is disconnected, an address forgotten", async () => {
  api.control.peersRuled.linked = [peer];
  expect((await run("peer", "disconnect", peer.slice(0, 20))).out).toBe(`closing the links of ${peer}\n`);
  expect(await run("peer", "disconnect", "12D3KooWnobody")).toMatchObject({ code: 1 });
  expect((await run("peer", "forget", "/ip4/192.0.2.1/tcp/1")).out).toContain("/ip4/192.0.2.1/tcp/1");
  expect(api.control.peersRuled.forgotten).toEqual(["/ip4/192.0.2.1/tcp/1"]);
});

test("links that ended are shown with the side and the reason", async () => {
  expect((await run("peers", "--closed")).out).toBe("no link has ended yet\n");
  const at = Date.UTC(2026, 0, 2) as Instant;
  const link = { peer, address: "/ip4/192.0.2.1/tcp/1", at, seenThere: undefined } as const;
  api.control.peersRuled.ended = [
    { ...link, link: 2, direction: "inbound", lastedMs: undefined, by: "us", code: "banned", reason: "banned: loud" },
    {
      ...{ ...link, link: 1, direction: "outbound", lastedMs: 61_000, by: "nobody", code: "closed", reason: "reset" },
      seenThere: "no answer to pings",
    },
  ];
  const { out } = await run("peers", "--closed");
  expect(out).toMatch(/2026-01-02T00:00:00 .* inbound +never admitted +we +banned +banned: loud\n/);
  expect(out).toMatch(/outbound +1 min 1 s +- +closed +reset; they saw: no answer to pings\n/);
  const json = closedSchema.parse(JSON.parse((await run("peers", "--closed", "--json")).out));
  expect(json.closed).toMatchObject([
    { lastedSeconds: null, seenThere: null },
    { lastedSeconds: 61, seenThere: "no answer to pings" },
  ]);
});

describe("what is known of a peer beside its state", () => {
  const at = Date.UTC(2026, 0, 2) as Instant;
  const address = `/ip4/192.0.2.1/tcp/4001/p2p/${peer}`;
  beforeEach(() => {
    api.control.peers = [
      {
        id: peer,
        state: "Connected",
        class: "regular",
        score: undefined,
        direction: "inbound",
        address: "/ip4/192.0.2.1/tcp/50001",
        source: "inbound",
        link: 7,
        rttMs: undefined,
        clockOffsetMs: undefined,
        suspicion: undefined,
        connectedSince: at,
        lastError: undefined,
        nextDialAt: undefined,
        history: [],
      },
    ];
    api.control.peersRuled.dialed = [
      {
        ...{ address, transport: "tcp/ip4", peer, source: "mdns", failures: 2, dialing: false, notBefore: at },
        lastTryAt: at,
        lastSuccessAt: undefined,
        lastFailure: { code: "refused", reason: "ECONNREFUSED" },
      },
    ];
    api.control.peersRuled.costs = [
      {
        ...{ link: 7, peer, direction: "inbound", address: "/ip4/192.0.2.1/tcp/50001", admitted: true },
        openedAt: at,
        sent: { frames: 3, bytes: 300 },
        received: { frames: 4, bytes: 400 },
        socket: { sentBytes: 2_048, receivedBytes: 3 * 1024 * 1024 },
        streams: 9,
        queuedBytes: 12,
        observedAs: undefined,
        untakenBytes: 0,
      },
    ];
  });

  test("its addresses are listed with the last try, the last success and the error", async () => {
    const { peers } = knownPeersSchema.parse(JSON.parse((await run("peers", "--json")).out));
    expect(peers[0]?.addresses).toEqual([
      {
        ...{ address, transport: "tcp/ip4", source: "mdns", failures: 2, dialing: false },
        lastTryAt: "2026-01-02T00:00:00.000Z",
        lastSuccessAt: null,
        lastFailure: { code: "refused", reason: "ECONNREFUSED" },
        notBefore: "2026-01-02T00:00:00.000Z",
      },
    ]);
  });

  test("what its link costs is listed, as JSON and as a table", async () => {
    const { peers } = knownPeersSchema.parse(JSON.parse((await run("peers", "--json")).out));
    expect(peers[0]?.links).toMatchObject([{ link: 7, streams: 9, sent: { frames: 3 }, queuedBytes: 12 }]);
    const { out } = await run("peers", "--links");
    expect(out).toMatch(/^PEER +DIRECTION +AGE +SENT +RECEIVED +FRAMES +STREAMS +QUEUED +UNTAKEN +ADDRESS\n/);
    expect(out).toMatch(/ inbound +\d+ d \d+ h +2\.0 KiB +3\.0 MiB +3\/4 +9 +12 B +0 B +\/ip4\/192\.0\.2\.1/);
    api.control.peersRuled.costs = [];
    expect((await run("peers", "--links")).out).toBe("no link stands\n");
  });

  test("what waits for it while it is lost is shown under its links", async () => {
    api.control.peersRuled.waits = [{ peer, messages: 3, bytes: 2_048, oldestMs: 4_000 }];
    const { peers } = knownPeersSchema.parse(JSON.parse((await run("peers", "--json")).out));
    expect(peers[0]?.waiting).toEqual({ messages: 3, bytes: 2_048, oldestSeconds: 4 });
    const { out } = await run("peers", "--links");
    expect(out).toMatch(/\nLOST PEER +WAITING +BYTES +OLDEST\n12D3\S+ +3 messages +2\.0 KiB +4 s\n/);
  });
});
