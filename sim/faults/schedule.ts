/** What goes wrong, each kind at its own rate, until the world is healed. */
import type { Prng } from "../src/base/prng.ts";
import type { SimNode } from "./node.ts";
import { type FaultKind, faultKinds } from "./options.ts";
import type { Setting } from "./setting.ts";

const downMsMax = 15_000;
const cutMsMax = 20_000;
const pauseMsMax = 12_000;
export const hourMs = 3_600_000;

/** What faults need of the world beside its setting. */
export interface Faulted {
  readonly nodes: readonly SimNode[];
  start(node: SimNode): void;
}

export function scheduleFaults(setting: Setting, world: Faulted, untilMs: number): void {
  for (const kind of faultKinds) {
    const everyMs = setting.options.every[kind];
    if (everyMs > 0) scheduleNext(kind, everyMs, setting, world, untilMs);
  }
}

function scheduleNext(kind: FaultKind, everyMs: number, setting: Setting, world: Faulted, untilMs: number): void {
  const { queue, prng, recorder } = setting;
  const at = queue.now - Math.log(1 - prng.unit()) * everyMs;
  if (at >= untilMs) return;
  queue.at(at, () => {
    recorder.count(`fault:${kind}`);
    strike(kind, setting, world);
    scheduleNext(kind, everyMs, setting, world, untilMs);
  });
}

function strike(kind: FaultKind, setting: Setting, world: Faulted): void {
  const { queue, prng, network, recorder } = setting;
  const node = prng.pick(world.nodes);
  if (kind !== "crash") recorder.event(queue.now, node.index, "fault", kind);
  switch (kind) {
    case "crash":
      node.crash(prng.chance(0.5));
      return queue.after(prng.unit() * downMsMax, () => world.start(node));
    case "stop":
      node.stop();
      return queue.after(1_100 + prng.unit() * downMsMax, () => world.start(node));
    case "pause":
      return node.process?.pauseUntil(queue.now + prng.unit() * pauseMsMax);
    case "partition":
      return partition(setting, world, prng);
    case "oneWay": {
      const other = prng.pick(world.nodes);
      return cutFor([[node.index, other.index]], setting, prng);
    }
    case "linkBreak": {
      const wires = network.liveWires();
      return wires.length > 0 ? network.breakWire(prng.pick(wires)) : undefined;
    }
    case "clockJump":
      return jump(node, (2 * prng.unit() - 1) * setting.options.skewMsMax);
    case "clockWrong":
      return goWrong(world.nodes[0] as SimNode, setting, prng);
  }
}

function jump(node: SimNode, skewMs: number): void {
  if (!node.needsRepair) node.skewMs = skewMs;
}

/** One node's clock runs an hour ahead for a while. Its user repairs it later. */
function goWrong(node: SimNode, { queue }: Setting, prng: Prng): void {
  if (node.skewMs > hourMs / 2) return;
  node.skewMs = hourMs;
  node.needsRepair = true;
  queue.after(5_000 + prng.unit() * 30_000, () => {
    node.skewMs = 0;
    if (prng.chance(0.5)) node.repairClock();
  });
}

/** Splits the nodes in two; nothing passes between the halves. */
function partition(setting: Setting, { nodes }: Faulted, prng: Prng): void {
  const isLeft = nodes.map(() => prng.chance(0.5));
  const ways: [number, number][] = [];
  for (const a of nodes) for (const b of nodes) if (isLeft[a.index] !== isLeft[b.index]) ways.push([a.index, b.index]);
  cutFor(ways, setting, prng);
}

function cutFor(ways: readonly (readonly [number, number])[], { queue, network }: Setting, prng: Prng): void {
  for (const [from, to] of ways) network.cut(from, to);
  queue.after(500 + prng.unit() * cutMsMax, () => {
    if (!network.isFaulty) return;
    for (const [from, to] of ways) network.heal(from, to);
  });
}
