/** What strikes one node: its process ends, waits or is slow, its disk is emptied, put back, full or damaged. */
import type { MemoryDisk } from "../memory-disk.ts";
import type { SimNode } from "../node.ts";
import type { NodeFault, Strike } from "./strike.ts";

const downMsMax = 15_000;
const pauseMsMax = 12_000;
const slowMsMax = 20_000;
/** What a slow node's turn begins late by, and what each message takes it. Guess: a swapping machine. */
const turnDelayMsMax = 2_000;
const messageMsMax = 300;
const fullMsMax = 15_000;
/** A copy of a disk is put back so long after it was made. */
const copyAgeMsMax = 20_000;

export function strikeNode(kind: NodeFault, { setting, world, node, prng }: Strike): boolean {
  const { queue, network } = setting;
  if (!node.isUp) return false;
  switch (kind) {
    case "crash":
    case "powerCut":
      node.crash(kind === "powerCut");
      queue.after(prng.unit() * downMsMax, () => world.start(node));
      return true;
    case "stop":
      node.stop();
      queue.after(1_100 + prng.unit() * downMsMax, () => world.start(node));
      return true;
    case "pause":
      node.process?.pauseUntil(queue.now + prng.unit() * pauseMsMax);
      return true;
    case "slow": {
      const until = queue.now + prng.unit() * slowMsMax;
      node.process?.slowDown(until, prng.unit() * turnDelayMsMax);
      network.slowDown(node.index, until, prng.unit() * messageMsMax);
      return true;
    }
    case "wipe":
      exchangeDisk(node, node.diskFaults.emptyDisk(), { setting, world, node, prng });
      return true;
    case "oldCopy":
      return putBackLater({ setting, world, node, prng });
    case "diskFull":
      node.diskFaults.fullUntil = queue.now + prng.unit() * fullMsMax;
      return true;
    case "bitFlip":
      // A clock repair would sign what is damaged again as its own: nothing on the node could tell (docs/SIMULATION.md).
      if (node.clock.needsRepair) return false;
      node.isDamaged ||= node.diskFaults.flipBit(node.disk);
      node.wasDamaged ||= node.isDamaged;
      return node.isDamaged;
  }
}

/** A copy is made now; some time later the node dies and is started on that copy. */
function putBackLater(blow: Strike): boolean {
  const { setting, node, prng } = blow;
  const copy = node.disk.copy();
  if (copy.state === undefined || node.isDamaged) return false;
  setting.queue.after(prng.unit() * copyAgeMsMax, () => {
    if (setting.isFaulty() && node.isUp) exchangeDisk(node, copy, blow);
  });
  return true;
}

function exchangeDisk(node: SimNode, disk: MemoryDisk, { setting, world, prng }: Strike): void {
  node.crash(prng.chance(0.5));
  node.changeDisk(disk);
  setting.queue.after(prng.unit() * downMsMax, () => world.start(node));
}
