/**
 * A host is cut off and nobody is told: packets are lost. How soon the others notice with their
 * failure detectors on, all else by default, and how soon all links stand when the cut is over.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { RealNode } from "../support/real-node.ts";
import { until } from "../support/until.ts";
import { Hosts } from "./hosts.ts";

export interface SilenceReport {
  /** From the cut until the last of the others has told that it suspects the host. */
  readonly noticedMs: number;
  /** From the end of the cut until every node has links to all others. */
  readonly relinkedMs: number;
}

/** Source: decided for the product. */
export const silenceNoticedMsMax = 1_000;
/** Source: decided for the product. */
export const relinkedMsMax = 6_000;
/** Waited for at most, so that a miss is told with its figure. Guess: five times what is promised. */
const patienceMs = 30_000;

const detectorsOn = { P2P_SYNC_PEERS_DETECTOR: "true" };

/** Throws what did not hold; leaves no namespace and no process. */
export async function silence(cutMs: number, say: (line: string) => void): Promise<SilenceReport> {
  await using hosts = await Hosts.start(3, detectorsOn);
  const others = [hosts.node(1), hosts.node(2)];
  const [lost] = [hosts.node(3)];
  const events = await Promise.all(others.map((node) => node.events()));
  await wait(12_000); // a link that lasted less than 10 s is dialed again more slowly
  const cutAt = performance.now();
  hosts.cutBetween([1, 2], [3]);
  const suspects = (): boolean =>
    events.every(({ received }) =>
      received.some(({ data }) => data.type === "suspected" && data.detail["peer"] === lost.id),
    );
  await until("both suspect the third", suspects, { deadlineMs: patienceMs, everyMs: 5 });
  const noticedMs = performance.now() - cutAt;
  say(`noticed after ${Math.round(noticedMs)} ms`);
  await wait(Math.max(0, cutMs - noticedMs));
  const endedAt = performance.now();
  hosts.setFaults({});
  await untilLinked(hosts.nodes);
  const relinkedMs = performance.now() - endedAt;
  say(`all links stand ${Math.round(relinkedMs)} ms after a cut of ${cutMs / 1_000} s`);
  return { noticedMs, relinkedMs };
}

async function untilLinked(nodes: readonly RealNode[]): Promise<void> {
  const all = async (): Promise<boolean> => {
    const links = await Promise.all(nodes.map((node) => node.connected()));
    return links.every((linked) => linked.length === nodes.length - 1);
  };
  await until("all links stand", all, { deadlineMs: patienceMs, everyMs: 20 });
}
