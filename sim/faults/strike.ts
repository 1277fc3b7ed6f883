/** One fault on its way: which kinds there are of each family, and what they work with. */
import type { Prng } from "../../src/base/prng.ts";
import type { SimNode } from "../node.ts";
import type { FaultKind } from "../options.ts";
import type { Setting } from "../setting.ts";

/** What faults need of the world beside its setting. */
export interface Faulted {
  readonly nodes: readonly SimNode[];
  start(node: SimNode): void;
}

/** One fault on its way: where it strikes, and by which chances. */
export interface Strike {
  readonly setting: Setting;
  readonly world: Faulted;
  readonly node: SimNode;
  readonly prng: Prng;
}

export const networkKinds = ["partition", "oneWay", "halfDeaf", "ring", "flap", "clog", "linkBreak"] as const;
export type NetworkFault = (typeof networkKinds)[number];
export const clockKinds = ["clockJump", "clockWrong", "clockFreeze", "clockDrift"] as const;
export type ClockFault = (typeof clockKinds)[number];
export type NodeFault = Exclude<FaultKind, NetworkFault | ClockFault>;
