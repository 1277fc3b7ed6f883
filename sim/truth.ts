/**
 * Which nodes must be equal to what at the end of a world. Where somebody was away for long, those
 * who stayed say what counts; two sides that both stayed, apart for longer than the horizon, may
 * each keep what it has.
 */
import type { LivingFact } from "./checkers/facts.ts";
import { seen } from "./checkers/versions.ts";
import { worldBegan } from "./clock.ts";
import type { SimNode } from "./node.ts";
import type { Setting } from "./setting.ts";

/** Within so long an entry reaches everybody from whoever comes back with it. */
const spreadMs = 150_000;

export class Truth {
  readonly #setting: Setting;

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  /** What keeps these nodes from being as they should, in words. */
  difference(nodes: readonly SimNode[]): string | undefined {
    const { model, queue, options } = this.#setting;
    if (options.away.some(({ how }) => how === "sides")) return undefined;
    const stayed = nodes.filter(({ wasAway }) => !wasAway).map(({ index }) => index);
    const disks = nodes.map((node) => node.fact());
    return model.difference(disks, worldBegan + queue.now, stayed, {
      isCloseCall: (fact) => this.#isCloseCall(fact),
      keepsOld: (node) => nodes.some(({ index, isYoung }) => index === node && isYoung),
    });
  }

  /**
   * Whether it may have come back with its writer when some of the others already refused it and some did
   * not yet: those who took it keep it, the others never take it (docs/SIMULATION.md).
   */
  #isCloseCall(fact: LivingFact): boolean {
    const { options, authorOf } = this.#setting;
    const { stamp, author } = seen(fact);
    return options.away.some(({ nodes, fromMs, forMs }) => {
      if (!nodes.some((node) => authorOf(node) === author)) return false;
      const back = worldBegan + fromMs + forMs - options.horizonMs;
      const isWhileAway = stamp / 1_000 >= worldBegan + fromMs - options.slackMs;
      return isWhileAway && stamp / 1_000 < back + spreadMs && stamp / 1_000 > back - options.slackMs;
    });
  }
}
