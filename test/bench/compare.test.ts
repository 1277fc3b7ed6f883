import { expect, test } from "vitest";
import { differences } from "../../bench/calibrate/compare.ts";
import { type Counts, between, countsOf, readCounts } from "../../bench/calibrate/counts.ts";
import { Metrics } from "../../src/drivers/observe/metrics.ts";
import { setTraffic } from "../../src/node/metric-values.ts";

const real: Counts = countsOf((name) => (name === "walk frames" ? 4 : name === "gossip answered" ? 0 : 1_000));

function changed(changes: Partial<Counts>): Counts {
  return { ...real, ...changes };
}

test("a count that differs by up to 15 % passes, either way", () => {
  expect(differences(real, changed({ "gossip forwarded": 1_150, "ack frames": 850 }))).toEqual([]);
});

test("a count that differs by more is named", () => {
  expect(differences(real, changed({ "gossip forwarded": 1_151 }))).toEqual(["gossip forwarded"]);
  expect(differences(real, changed({ "ack bytes": 849 }))).toEqual(["ack bytes"]);
});

test("a count below 0.5 % of its kind is left to chance, but not what is new among the frequent", () => {
  expect(differences(real, changed({ "walk frames": 0 }))).toEqual([]);
  expect(differences(real, changed({ "gossip answered": 200 }))).toEqual(["gossip answered"]);
});

test("counts are read from a scrape, and admission counts from the start", async () => {
  const metrics = new Metrics();
  const frames = { frames: 3, bytes: 70 };
  const traffic = {
    frames: { admit: frames, ack: frames, frontier: frames, walk: frames, peers: frames, gossip: frames },
    gossip: {
      sent: { publish: 5, forward: 6, answer: 7 },
      received: { accept: 8, ignore: 9, reject: 10, duplicate: 11 },
      rpcs: frames,
    },
  };
  setTraffic(metrics, traffic);
  const before = readCounts(await metrics.text());
  expect(before).toMatchObject({ "gossip forwarded": 6, "gossip duplicates": 11, "admit frames": 3, "ack bytes": 70 });
  setTraffic(metrics, { ...traffic, gossip: { ...traffic.gossip, sent: { publish: 5, forward: 16, answer: 7 } } });
  const after = readCounts(await metrics.text());
  expect(between(before, after)).toMatchObject({ "gossip forwarded": 10, "gossip published": 0, "admit frames": 3 });
});

test("a scrape that lacks a sample is refused by its name", () => {
  expect(() => readCounts("p2p_sync_entries 3")).toThrow(/lack gossip_messages_sent_total/);
});
