/**
 * What a network goes through when cables fail, on hosts of their own: packets get lost and nobody
 * is told. In each story people write on all sides all the while; in the end the network is whole
 * again, and then every node must hold the same, and everything that was acknowledged.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { RealNode } from "../support/real-node.ts";
import { until } from "../support/until.ts";
import { Hosts } from "./hosts.ts";
import { Writing } from "./writing.ts";

export interface Story {
  readonly name: string;
  /** Throws what did not hold; leaves no namespace and no process. */
  run(say: (line: string) => void): Promise<StoryReport>;
}

export interface StoryReport {
  /** Writes acknowledged while something was broken. */
  readonly acknowledged: number;
  /** From the moment the network was whole to equal roots on all. */
  readonly healMs: number;
}

/** From a whole network to equal sets. Guess: twice the longest wait that a short cut can lead to. */
const equalMsMax = 40_000;
/** From a cut to the loss of all links through it. Guess: peer timeout, a late ping and the closing of a link on a busy machine. */
const noticedMsMax = 30_000;

const twoSides: Story = {
  name: "two sides cut from each other",
  async run(say) {
    await using hosts = await Hosts.start(4);
    const writing = new Writing("two-sides", hosts.nodes);
    await writing.untilMore(5, hosts.nodes);
    hosts.cutBetween([1, 2], [3, 4]);
    await untilLinks(hosts, [[2], [1], [4], [3]]);
    say("both sides have noticed");
    await writing.untilMore(20, hosts.nodes);
    await expectApart(hosts.node(1), hosts.node(3));
    return await healed(hosts, writing, say);
  },
};

const oneDirection: Story = {
  name: "one direction cut",
  async run(say) {
    await using hosts = await Hosts.start(3);
    const writing = new Writing("one-direction", hosts.nodes);
    await writing.untilMore(5, hosts.nodes);
    hosts.setFaults({ cuts: [{ from: 1, to: 3 }] });
    await untilLinks(hosts, [[2], [1, 3], [2]]);
    say("1 and 3 have lost each other, though packets still go from 3 to 1");
    await writing.untilMore(20, hosts.nodes);
    await writing.stop();
    await hosts.untilEqual(equalMsMax);
    say("all are equal while it lasts: what 1 and 3 write goes through 2");
    return await healed(hosts, writing, say);
  },
};

/** How long people write on lossy cables, in ms. Guess: some hundred packets on each. */
const lossyMs = 8_000;

/** A trial on lossy cables loses at least so many packets. Guess: a tenth of what it loses on a busy machine. */
const lostPacketsMin = 20;

const lossyCables: Story = {
  name: "5 % of all packets lost",
  async run(say) {
    await using hosts = await Hosts.start(4);
    hosts.setFaults({ lostPercent: 5 });
    const writing = new Writing("lossy", hosts.nodes);
    await wait(lossyMs);
    await writing.stop();
    say(`${writing.acknowledged} writes acknowledged on lossy cables`);
    const stopped = performance.now();
    await hosts.untilEqual(equalMsMax); // the cables stay as they are
    const healMs = performance.now() - stopped;
    await hosts.untilAllAgree(equalMsMax);
    await writing.check(hosts.nodes);
    const lost = hosts.lostPackets();
    if (lost < lostPacketsMin) throw new Error(`only ${lost} packets were lost: this has tried nothing`);
    say(`${lost} packets were lost`);
    return { acknowledged: writing.acknowledged, healMs };
  },
};

const killedBehindCut: Story = {
  name: "a node killed behind a cut",
  async run(say) {
    await using hosts = await Hosts.start(4);
    const [before, victim] = [
      new Writing(
        "others",
        [1, 2, 4].map((host) => hosts.node(host)),
      ),
      hosts.node(3),
    ];
    const last = new Writing("victim", [victim]);
    await last.untilMore(5, [victim]);
    hosts.cutBetween([1, 2, 4], [3]); // alone: nobody else can have what it acknowledges
    await last.untilMore(30, [victim]);
    await victim.kill();
    await last.stop();
    say(`killed after ${last.acknowledged} acknowledged writes`);
    const again = await hosts.restart(3);
    await last.check([again]);
    const more = new Writing("again", [again]);
    await more.untilMore(20, [again]);
    await Promise.all([more.stop(), before.stop()]);
    const report = await healed(hosts, before, say);
    for (const writing of [last, more]) await writing.check(hosts.nodes);
    return { ...report, acknowledged: report.acknowledged + last.acknowledged + more.acknowledged };
  },
};

export const stories: readonly Story[] = [twoSides, oneDirection, lossyCables, killedBehindCut];

/** Makes the network whole and waits until all hold the same. */
async function healed(hosts: Hosts, writing: Writing, say: (line: string) => void): Promise<StoryReport> {
  await writing.stop();
  const whole = performance.now();
  hosts.setFaults({});
  await hosts.untilEqual(equalMsMax);
  const healMs = performance.now() - whole;
  await hosts.untilAllAgree(equalMsMax);
  const linkedMs = performance.now() - whole;
  await writing.check(hosts.nodes);
  say(`equal after ${Math.round(healMs)} ms, all links stand and all agree after ${Math.round(linkedMs)} ms`);
  return { acknowledged: writing.acknowledged, healMs };
}

/** Resolves once every host is linked with exactly the hosts listed for it. */
async function untilLinks(hosts: Hosts, wanted: readonly (readonly number[])[]): Promise<void> {
  let seen: readonly string[] = [];
  const expected = wanted.map((others) => others.join(","));
  const look = async (): Promise<boolean> => {
    seen = await Promise.all(hosts.nodes.map((node) => linksOf(node, hosts)));
    return seen.every((links, index) => links === expected[index]);
  };
  await until(`links ${expected.join(" ")}`, look, { deadlineMs: noticedMsMax, everyMs: 50, seen: () => seen });
}

async function linksOf(node: RealNode, { nodes }: Hosts): Promise<string> {
  const linked = await node.connected();
  return nodes.flatMap(({ id }, index) => (linked.includes(id) ? [index + 1] : [])).join(",");
}

/** A cut that lets something through would prove nothing. */
async function expectApart(one: RealNode, other: RealNode): Promise<void> {
  const [ours, theirs] = await Promise.all([one.all(), other.all()]);
  const lacks = (keys: ReadonlyMap<string, string>, of: ReadonlyMap<string, string>): boolean =>
    [...of.keys()].some((key) => !keys.has(key));
  if (!lacks(ours, theirs) || !lacks(theirs, ours)) throw new Error("the cut let through what both sides wrote");
}
