/** What goes wrong, each kind at its own rate, until the world is healed. */
import { type FaultKind, faultKinds } from "../options.ts";
import type { Setting } from "../setting.ts";
import { strikeClock } from "./clocks.ts";
import { strikeNetwork } from "./network.ts";
import { strikeNode } from "./nodes.ts";
import { type Faulted, type Strike, clockKinds, networkKinds } from "./strike.ts";

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
    const node = prng.pick(world.nodes);
    if (!isCalm(setting) && strike(kind, { setting, world, node, prng })) {
      recorder.count(`fault:${kind}`);
      recorder.event(queue.now, node.index, "fault", kind);
    }
    scheduleNext(kind, everyMs, setting, world, untilMs);
  });
}

/** Whether it is one of the times in which everything recovers. */
function isCalm({ queue, options: { stormMs, calmMs } }: Setting): boolean {
  return calmMs > 0 && queue.now % (stormMs + calmMs) >= stormMs;
}

/** Whether it could happen at all. */
function strike(kind: FaultKind, blow: Strike): boolean {
  if (isOneOf(networkKinds, kind)) return strikeNetwork(kind, blow);
  if (isOneOf(clockKinds, kind)) return strikeClock(kind, blow);
  return strikeNode(kind, blow);
}

function isOneOf<Kind extends FaultKind>(kinds: readonly Kind[], kind: FaultKind): kind is Kind {
  return (kinds as readonly FaultKind[]).includes(kind);
}
