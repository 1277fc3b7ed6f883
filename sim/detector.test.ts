import { expect, test } from "vitest";
import { probeEveryMs } from "../src/core/peers/limits.ts";
import { type WorldOptions, mesh } from "./options.ts";
import { Recorder } from "./recorder.ts";
import { drawOptions } from "./scenarios.ts";
import { isAdmitted } from "./wire.ts";
import { World } from "./world.ts";

const seeds = [1, 2, 3, 4, 5, 6];
const hour = 3_600_000;

/** Five nodes with detectors, each linked with each, and nothing goes wrong. */
function calmWorld(seed: number, changes: Partial<WorldOptions> = {}): World {
  const calm = {
    ...drawOptions(seed, "diamond"),
    nodes: 5,
    edges: mesh(5),
    delayMsMax: 50,
    mdns: false,
    detector: true,
  };
  return new World({ ...calm, ...changes }, new Recorder(undefined), undefined);
}

function started(world: World): World {
  world.setting.network.healAll();
  for (const node of world.nodes) world.start(node);
  world.setting.queue.runUntil(30_000);
  return world;
}

function admittedLinks({ setting }: World): number {
  return setting.network.liveWires().filter(({ ends }) => ends.every(isAdmitted)).length;
}

/** Nothing passes between the first two and the others. */
function fallsApart({ setting: { network } }: World): () => void {
  const ways = [0, 1].flatMap((a) => [2, 3, 4].flatMap((b) => [[a, b] as const, [b, a] as const]));
  for (const [from, to] of ways) network.cut(from, to);
  return () => ways.forEach(([from, to]) => network.heal(from, to));
}

test.each(seeds)("in a world without faults nobody is suspected, and nobody doubts itself (seed %i)", (seed) => {
  const world = calmWorld(seed);
  world.run();
  const { counts } = world.setting.recorder;
  const verdicts = ["suspected", "unreachableDirectly", "selfDoubted"].map((kind) => counts.get(`note:${kind}`) ?? 0);
  expect(verdicts).toEqual([0, 0, 0]);
  expect(counts.get("note:linkAdmitted")).toBeGreaterThan(0);
});

test.each(seeds)("a network that falls apart is noticed on both sides within a second (seed %i)", (seed) => {
  const world = started(calmWorld(seed));
  world.setting.network.breakWire = () => undefined; // sockets that break tell by themselves
  fallsApart(world);
  world.setting.queue.runUntil(world.setting.queue.now + 1_000);
  expect(world.setting.recorder.counts.get("note:suspected")).toBe(12); // six links, from both ends
});

test.each([10_000, 600_000, 6 * hour])(
  "after a cut of %i ms all links stand again within 6 s",
  { timeout: 240_000 },
  (cutMs) => {
    for (const seed of seeds) {
      // Frames between those that are linked cost nothing but time here: only a short cut has them.
      const world = started(calmWorld(seed, { detector: cutMs < 60_000, pullEveryMs: 600_000 }));
      expect(admittedLinks(world)).toBe(10);
      const { queue } = world.setting;
      const heal = fallsApart(world);
      queue.runUntil(queue.now + cutMs + 977 * seed); // at different moments between two dials
      expect(admittedLinks(world)).toBe(4);
      heal();
      queue.runUntil(queue.now + 6_000);
      expect(admittedLinks(world)).toBe(10);
    }
    expect(probeEveryMs * 1.2).toBeLessThanOrEqual(6_000);
  },
);
