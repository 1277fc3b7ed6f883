/**
 * The story the demo tells with three real nodes and a late fourth, on loopback: they find each
 * other, share writes, lose one node to kill -9, take it back, delete a key and take in a newcomer.
 * Every step checks what it claims and throws where that does not hold; what it measures goes into
 * the report. The figures are of this machine at this moment, and a poll over HTTP is part of them.
 */
import type { PeerView } from "../../src/api/views.ts";
import { type Nursery, type RealNode, untilConverged, untilMeshed } from "../../test/support/real-node.ts";
import { until } from "../../test/support/until.ts";
import { milliseconds, type Report, spread } from "./report.ts";

/** A claim that does not hold by then does not hold. Guess: a hundred times what an idle machine needs. */
const deadlineMs = 8_000;
const timedPuts = 60;
const burstEntries = 1_000;
const writesMeanwhile = 100;

type Trio = readonly [RealNode, RealNode, RealNode];

export interface Story {
  readonly nursery: Nursery;
  readonly report: Report;
  /** Cuts the second node off from gossip and frontiers, so that it cannot learn anything. */
  readonly breakSync: boolean;
}

export async function tellStory({ nursery, report, breakSync }: Story): Promise<void> {
  const deaf: Readonly<Record<string, string>> = breakSync
    ? { P2P_SYNC_TEST_FAULTS: "1", P2P_SYNC_TEST_DROP_GOSSIP: "true", P2P_SYNC_TEST_DROP_FRONTIER: "true" }
    : {};
  const nodes: Trio = await report.step("three nodes start and link up, each with the two others", async () => {
    const one = await nursery.start("one");
    const two = await nursery.start("two", { dial: [one.address], environment: deaf });
    const three = await nursery.start("three", { dial: [one.address, two.address] });
    const ready = performance.now();
    await untilMeshed([one, two, three], deadlineMs);
    const each = [one, two, three] as const;
    report.figure(
      "start → ready",
      spread(each.map(({ startMs }) => startMs)),
      "process start to the ready line, 3 nodes",
    );
    report.figure("ready → full mesh", milliseconds(performance.now() - ready), "after the third node's ready line");
    return each;
  });
  reportLinks(report, await Promise.all(nodes.map((node) => node.peers())));
  await report.step("a write on any node is readable on the two others", () => timePuts(nodes, report));
  await report.step("a thousand entries from each node reach all, and the roots are equal", () => burst(nodes, report));
  const returned = await report.step(
    "a node killed with kill -9 returns with all it had, and learns what it missed",
    () => killAndReturn(nursery, nodes, report),
  );
  const now: Trio = [nodes[0], nodes[1], returned];
  await report.step("a deleted key is gone everywhere", () => deleteKey(now, report));
  const late = await report.step("a fourth node that joins late gets everything from one peer", () =>
    joinLate(nursery, now, report),
  );
  await report.step("all nodes hold the same keys and values", () => compareAll([...now, late]));
  await report.step("every node stops cleanly within 5 s", () => stopAll([...now, late], report));
}

function reportLinks(report: Report, peersOfNodes: readonly (readonly PeerView[])[]): void {
  const steps = new Set(["Connecting", "Handshaking", "Authenticating", "Negotiating", "Identifying", "Subscribing"]);
  const links = peersOfNodes.flat().map(({ history }) => {
    const connected = history.findIndex(({ state }) => state === "Connected");
    const before = history.slice(0, connected).filter(({ state }) => steps.has(state));
    return before.reduce((sum, { durationMs }) => sum + (durationMs ?? 0), 0);
  });
  report.figure("link → Connected", spread(links), `dial or accept to Connected, ${links.length} link ends`);
}

/** From sending the put until the watch streams of both others have brought the key. */
async function timePuts(nodes: readonly RealNode[], report: Report): Promise<void> {
  const watches = await Promise.all(nodes.map((node) => node.watch("timed/")));
  const acknowledged: number[] = [];
  const visible: number[] = [];
  for (let n = 0; n < timedPuts; n++) {
    const [writer, key] = [n % nodes.length, `timed/${n}`];
    const began = performance.now();
    await nodes[writer]?.put(key, `value ${n}`);
    acknowledged.push(performance.now() - began);
    const others = watches.flatMap((watch, reader) =>
      reader === writer ? [] : [{ watch, name: nodes[reader]?.name }],
    );
    const arrivals = await Promise.all(
      others.map(({ watch, name }) =>
        watch.first(`${key} of node ${nodes[writer]?.name} shows on node ${name}`, (change) => change.key === key, {
          deadlineMs,
        }),
      ),
    );
    visible.push(Math.max(...arrivals.map(({ at }) => at), began + (acknowledged.at(-1) ?? 0)) - began);
    for (const node of nodes) {
      if ((await node.get(key)) !== `value ${n}`) throw new Error(`node ${node.name} reads another value under ${key}`);
    }
  }
  for (const watch of watches) watch.close();
  report.figure("put → acknowledged", spread(acknowledged), `fsynced here, over HTTP, ${timedPuts} puts one by one`);
  report.figure("put → visible on both others", spread(visible), "the same puts, seen by a watch on each");
}

async function burst(nodes: readonly RealNode[], report: Report): Promise<void> {
  const before = (await nodes[0]?.status())?.entries ?? 0;
  const began = performance.now();
  await Promise.all(nodes.map((node) => node.putAll(pairs(`burst/${node.name}`, burstEntries))));
  await untilConverged(nodes, before + nodes.length * burstEntries, deadlineMs);
  report.figure(
    "converge",
    milliseconds(performance.now() - began),
    `${nodes.length} batches of ${burstEntries} at once until the roots are equal`,
  );
}

async function killAndReturn(nursery: Nursery, [one, two, three]: Trio, report: Report): Promise<RealNode> {
  await three.put("last words", "acknowledged just before kill -9");
  await three.kill();
  for (let n = 0; n < writesMeanwhile; n++) await (n % 2 === 0 ? one : two).put(`meanwhile/${n}`, `value ${n}`);
  await one.delete("timed/0");
  const began = performance.now();
  const back = await nursery.start("three", { dial: [one.address, two.address] });
  if (back.id !== three.id) throw new Error("it came back with another identity");
  if ((await back.get("last words")) === undefined) throw new Error("an acknowledged write is gone");
  await untilMeshed([one, two, back], deadlineMs);
  await untilConverged([one, two, back], undefined, deadlineMs);
  if ((await back.get("timed/0")) !== undefined) throw new Error("a key deleted meanwhile came back");
  if ((await one.get("last words")) === undefined) throw new Error("the returned node's last write did not spread");
  report.figure("restart → ready", milliseconds(back.startMs), "after kill -9, on the old data folder");
  report.figure(
    "restart → caught up",
    milliseconds(performance.now() - began),
    `${writesMeanwhile} writes and a delete missed, start included`,
  );
  return back;
}

async function deleteKey(nodes: Trio, report: Report): Promise<void> {
  const began = performance.now();
  await nodes[1].delete("timed/1");
  for (const node of nodes)
    await until(`timed/1 is gone on node ${node.name}`, async () => (await node.get("timed/1")) === undefined, {
      deadlineMs,
    });
  report.figure("delete → gone everywhere", milliseconds(performance.now() - began), "acknowledged on the second node");
}

async function joinLate(nursery: Nursery, nodes: readonly RealNode[], report: Report): Promise<RealNode> {
  const expected = (await nodes[0]?.status())?.entries ?? 0;
  const began = performance.now();
  const late = await nursery.start("four", { dial: [nodes[0]?.address ?? ""] });
  const ready = performance.now();
  await untilConverged([...nodes, late], expected, deadlineMs);
  const ms = performance.now() - ready;
  report.figure(
    "late join → all keys",
    milliseconds(ms),
    `${expected} keys after its ready line, ${milliseconds(ready - began)} after its start`,
  );
  return late;
}

async function compareAll(nodes: readonly RealNode[]): Promise<void> {
  await untilConverged(nodes, undefined, deadlineMs);
  const [first, ...others] = await Promise.all(nodes.map((node) => node.all()));
  for (const [n, other] of others.entries()) {
    const differing = [...(first ?? [])].filter(([key, value]) => other.get(key) !== value).map(([key]) => key);
    if (differing.length > 0 || other.size !== first?.size) {
      throw new Error(
        `node ${nodes[n + 1]?.name} has ${other.size} keys, the first ${first?.size}; differing: ${differing.slice(0, 5).join(", ")}`,
      );
    }
  }
}

async function stopAll(nodes: readonly RealNode[], report: Report): Promise<void> {
  const exits = await Promise.all(nodes.map((node) => node.stop()));
  for (const [n, { code, signal, afterMs }] of exits.entries()) {
    if (code !== 0 || afterMs > 5_000)
      throw new Error(`node ${nodes[n]?.name} ended with ${code ?? signal} after ${milliseconds(afterMs)}`);
  }
  report.figure("SIGTERM → ended", spread(exits.map(({ afterMs }) => afterMs)), `${nodes.length} nodes, exit code 0`);
}

function pairs(prefix: string, count: number): [string, string][] {
  return Array.from({ length: count }, (_, n) => [`${prefix}/${n}`, `value ${n}`]);
}
