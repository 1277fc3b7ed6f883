/** What is compared: the same counts of a real node, read from its metrics, and of a simulated one. */

export const countNames = [
  "gossip published",
  "gossip forwarded",
  "gossip answered",
  "gossip accepted",
  "gossip ignored",
  "gossip rejected",
  "gossip duplicates",
  "gossip frames",
  "gossip bytes",
  "frontier frames",
  "frontier bytes",
  "ack frames",
  "ack bytes",
  "walk frames",
  "walk bytes",
  "admit frames",
  "admit bytes",
] as const;
export type CountName = (typeof countNames)[number];
export type Counts = Readonly<Record<CountName, number>>;

/** Each count's sample in a scrape. */
const samples: Readonly<Record<CountName, string>> = {
  "gossip published": 'gossip_messages_sent_total{why="publish"}',
  "gossip forwarded": 'gossip_messages_sent_total{why="forward"}',
  "gossip answered": 'gossip_messages_sent_total{why="answer"}',
  "gossip accepted": 'gossip_messages_received_total{verdict="accept"}',
  "gossip ignored": 'gossip_messages_received_total{verdict="ignore"}',
  "gossip rejected": 'gossip_messages_received_total{verdict="reject"}',
  "gossip duplicates": 'gossip_messages_received_total{verdict="duplicate"}',
  "gossip frames": 'frames_sent_total{protocol="gossip"}',
  "gossip bytes": 'frame_bytes_sent_total{protocol="gossip"}',
  "frontier frames": 'frames_sent_total{protocol="frontier"}',
  "frontier bytes": 'frame_bytes_sent_total{protocol="frontier"}',
  "ack frames": 'frames_sent_total{protocol="ack"}',
  "ack bytes": 'frame_bytes_sent_total{protocol="ack"}',
  "walk frames": 'frames_sent_total{protocol="walk"}',
  "walk bytes": 'frame_bytes_sent_total{protocol="walk"}',
  "admit frames": 'frames_sent_total{protocol="admit"}',
  "admit bytes": 'frame_bytes_sent_total{protocol="admit"}',
};

export function countsOf(value: (name: CountName) => number): Counts {
  return Object.fromEntries(countNames.map((name) => [name, value(name)])) as Counts;
}

/** From the text of a scrape. */
export function readCounts(text: string): Counts {
  return countsOf((name) => sampleIn(text, samples[name]));
}

/** How many peers a real node forwards to. */
export function meshPeersIn(text: string): number {
  return sampleIn(text, 'gossip_peers{in="mesh"}');
}

/** What came between two moments; admission, which lies before the first, from the beginning. */
export function between(before: Counts, after: Counts): Counts {
  return countsOf((name) => after[name] - (name.startsWith("admit") ? 0 : before[name]));
}

export function sum(all: readonly Counts[]): Counts {
  return countsOf((name) => all.reduce((total, each) => total + each[name], 0));
}

/** Throws where the sample is not there. */
export function sampleIn(text: string, sample: string): number {
  const line = text.split("\n").find((each) => each.startsWith(`p2p_sync_${sample} `));
  if (line === undefined) throw new Error(`the metrics lack ${sample}`);
  return Number(line.slice(line.lastIndexOf(" ") + 1));
}

/** What each count is on average. */
export function mean(all: readonly Counts[]): Counts {
  const total = sum(all);
  return countsOf((name) => Math.round(total[name] / Math.max(1, all.length)));
}
