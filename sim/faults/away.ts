/** Members that are away for a large part of the horizon or longer: down, cut off, or put back from an old backup. */
import type { Absence } from "../options.ts";
import type { SimNode } from "../node.ts";
import type { Setting } from "../setting.ts";
import type { Faulted } from "./strike.ts";

export function scheduleAbsences(setting: Setting, world: Faulted): void {
  const { queue, recorder, options } = setting;
  for (const absence of options.away) {
    const away = absence.nodes.map((index) => world.nodes[index] as SimNode);
    queue.at(absence.fromMs, () => {
      recorder.count(`fault:away:${absence.how}`);
      recorder.event(queue.now, "world", "away", `${absence.how} ${absence.nodes.join(" ")}`);
      const onTheirOwn = absence.how !== "sides" ? away : breaksWithin(options) ? world.nodes : [];
      for (const node of onTheirOwn) node.wasAway = true;
      if (absence.how === "down") stayDown(away, absence, setting, world);
      else if (absence.how === "backup") for (const node of away) putBack(node, absence, setting, world);
      else cutOff(absence, setting, world);
    });
  }
}

function stayDown(away: readonly SimNode[], { forMs }: Absence, { queue, prng }: Setting, world: Faulted): void {
  for (const node of away) {
    node.absentUntil = queue.now + forMs;
    node.crash(prng.chance(0.5));
    queue.after(forMs, () => world.start(node));
  }
}

/** A copy of the disk is kept, and after so long takes the disk's place. */
function putBack(node: SimNode, { forMs }: Absence, { queue }: Setting, world: Faulted): void {
  const copy = node.disk.copy();
  queue.after(forMs, () => {
    if (copy.state === undefined) return;
    node.crash(true);
    node.changeDisk(copy);
    world.start(node);
  });
}

/** Nothing passes between these nodes and all others. */
function cutOff({ nodes, forMs }: Absence, { queue, network }: Setting, world: Faulted): void {
  const others = world.nodes.map(({ index }) => index).filter((index) => !nodes.includes(index));
  const ways = nodes.flatMap((a) => others.flatMap((b) => [[a, b] as const, [b, a] as const]));
  for (const [from, to] of ways) network.cut(from, to);
  queue.after(forMs, () => {
    for (const [from, to] of ways) network.heal(from, to);
  });
}

/**
 * Whether the members of a side may lose each other as well. Then each of them, on either side, may have been on its own
 * for so long (a link that keeps breaking is dialed ever more rarely) that it is stale, and follows the other side
 * instead of keeping what its own had.
 */
function breaksWithin({ every }: Setting["options"]): boolean {
  return Math.max(every.linkBreak, every.flap, every.partition, every.ring, every.oneWay, every.halfDeaf) > 0;
}
