/** What strikes the wall clock of one node. */
import type { SimNode } from "../node.ts";
import type { Setting } from "../setting.ts";
import type { ClockFault, Strike } from "./strike.ts";
import type { Prng } from "../../src/base/prng.ts";

const hourMs = 3_600_000;
/** Gained or lost per millisecond. Source: crystals are off by up to 200 ppm; more, so that a minute shows it. */
const driftMax = 0.02;
const frozenMsMax = 20_000;

export function strikeClock(kind: ClockFault, { setting, world, node, prng }: Strike): boolean {
  const { queue, options } = setting;
  switch (kind) {
    case "clockWrong":
      return goWrong(world.nodes[0] as SimNode, setting, prng);
    case "clockJump":
      if (node.clock.needsRepair) return false;
      node.clock.skewMs = (2 * prng.unit() - 1) * options.skewMsMax;
      return true;
    case "clockFreeze":
      node.clock.freeze();
      queue.after(prng.unit() * frozenMsMax, () => node.clock.thaw());
      return true;
    case "clockDrift":
      node.clock.drift((2 * prng.unit() - 1) * driftMax);
      return true;
  }
}

/** One node's clock runs an hour ahead for a while. Its user repairs it later. */
function goWrong(node: SimNode, { queue }: Setting, prng: Prng): boolean {
  const { clock } = node;
  if (clock.skewMs > hourMs / 2 || node.isDamaged) return false;
  clock.skewMs = hourMs;
  clock.needsRepair = true;
  queue.after(5_000 + prng.unit() * 30_000, () => {
    clock.skewMs = 0;
    if (prng.chance(0.5)) node.repairClock();
  });
  return true;
}
