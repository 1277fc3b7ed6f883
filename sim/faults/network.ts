/** What strikes the ways between nodes: cuts of many shapes, clogged ways, links that break. */
import type { Prng } from "../../src/base/prng.ts";
import type { SimNode } from "../node.ts";
import type { Setting } from "../setting.ts";
import type { NetworkFault, Strike } from "./strike.ts";

const cutMsMax = 20_000;
const clogMsMax = 8_000;
const flapsMax = 8;
const flapMsMax = 1_500;

type Way = readonly [number, number];

export function strikeNetwork(kind: NetworkFault, { setting, world, node, prng }: Strike): boolean {
  const { network } = setting;
  const other = prng.pick(world.nodes);
  switch (kind) {
    case "partition":
      return cutFor(waysBetweenHalves(world.nodes, prng, true), setting, prng);
    case "halfDeaf":
      return cutFor(waysBetweenHalves(world.nodes, prng, false), setting, prng);
    case "ring":
      return cutFor(waysAcrossRing(world.nodes.length), setting, prng);
    case "oneWay":
      return cutFor(other === node ? [] : [[node.index, other.index]], setting, prng);
    case "flap":
      if (other === node) return false;
      flap([node.index, other.index], 1 + prng.below(flapsMax), setting, prng);
      return true;
    case "clog":
      return clogSome(world.nodes, setting, prng);
    case "linkBreak": {
      const wires = network.liveWires();
      if (wires.length > 0) network.breakWire(prng.pick(wires));
      return wires.length > 0;
    }
  }
}

/** Splits the nodes in two; nothing passes between the halves, or nothing from one to the other. */
function waysBetweenHalves(nodes: readonly SimNode[], prng: Prng, bothWays: boolean): readonly Way[] {
  const isLeft = nodes.map(() => prng.chance(0.5));
  const ways: Way[] = [];
  for (const a of nodes)
    for (const b of nodes)
      if (isLeft[a.index] === true && isLeft[b.index] !== true) {
        ways.push([a.index, b.index]);
        if (bothWays) ways.push([b.index, a.index]);
      }
  return ways;
}

/** Everybody reaches only the two beside it. */
function waysAcrossRing(nodes: number): readonly Way[] {
  const ways: Way[] = [];
  for (let a = 0; a < nodes; a++)
    for (let b = 0; b < nodes; b++) {
      const apart = Math.abs(a - b);
      if (apart > 1 && apart < nodes - 1) ways.push([a, b]);
    }
  return ways;
}

function cutFor(ways: readonly Way[], setting: Setting, prng: Prng): boolean {
  cutUntil(ways, 500 + prng.unit() * cutMsMax, setting);
  return ways.length > 0;
}

function cutUntil(ways: readonly Way[], forMs: number, { queue, network }: Setting): void {
  for (const [from, to] of ways) network.cut(from, to);
  queue.after(forMs, () => {
    if (!network.isFaulty) return;
    for (const [from, to] of ways) network.heal(from, to);
  });
}

/** One way both ways off and on again, a few times. */
function flap([a, b]: Way, times: number, setting: Setting, prng: Prng): void {
  if (times === 0 || !setting.network.isFaulty) return;
  const downMs = prng.unit() * flapMsMax;
  const ways: readonly Way[] = [
    [a, b],
    [b, a],
  ];
  cutUntil(ways, downMs, setting);
  setting.queue.after(downMs + prng.unit() * flapMsMax, () => flap([a, b], times - 1, setting, prng));
}

/** Some ways stall, one after the other, and each delivers everything at once when it is free again, in another order. */
function clogSome(nodes: readonly SimNode[], { queue, network }: Setting, prng: Prng): boolean {
  const share = prng.unit();
  let clogged = false;
  for (const { index: a } of nodes)
    for (const { index: b } of nodes) {
      if (a === b || !prng.chance(share)) continue;
      clogged = true;
      const from = prng.unit() * 1_000;
      queue.after(from, () => {
        if (network.isFaulty) network.clog(a, b);
      });
      queue.after(from + prng.unit() * clogMsMax, () => network.unclog(a, b));
    }
  return clogged;
}
