/**
 * Which code of `src` has ever run, by V8's precise block coverage.
 *
 * V8 counts every block of every function and hands the counts over on demand, which takes about
 * 1 ms; so a look pays only after many executions. It tells ranges that ran and, nested in them,
 * ranges that did not. What is kept per function is therefore the text that never ran; news is
 * whatever makes it less. Must be started before the code is loaded: functions that are compiled
 * already have no counters for their blocks.
 * Source: https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#method-takePreciseCoverage
 */
import { type Profiler, Session } from "node:inspector";

type Stretch = readonly [from: number, to: number];

/** What one look found: by function, the parts of it that did not run. Functions that did not run at all are not in it. */
export interface Sighting {
  readonly functions: ReadonlyMap<string, { readonly whole: Stretch; readonly idle: readonly Stretch[] }>;
}

/** The counters of this thread. */
export class Counters {
  readonly #session = new Session();
  readonly #isOurs: (url: string) => boolean;

  constructor(isOurs: (url: string) => boolean) {
    this.#isOurs = isOurs;
    this.#session.connect();
    this.#session.post("Profiler.enable");
    this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  /** What ran since the last look. */
  look(): Sighting {
    const functions = new Map<string, { whole: Stretch; idle: readonly Stretch[] }>();
    for (const script of this.#take()) {
      if (!this.#isOurs(script.url)) continue;
      for (const { functionName, ranges } of script.functions) {
        const [first] = ranges;
        if (first === undefined || first.count === 0) continue;
        const whole = [first.startOffset, first.endOffset] as const;
        functions.set(`${script.url} ${functionName} ${whole.join("-")}`, { whole, idle: idleIn(ranges) });
      }
    }
    return { functions };
  }

  stop(): void {
    this.#session.disconnect();
  }

  #take(): readonly Profiler.ScriptCoverage[] {
    let taken: readonly Profiler.ScriptCoverage[] = [];
    this.#session.post("Profiler.takePreciseCoverage", (error, answer) => {
      if (error !== null) throw error;
      taken = answer.result;
    });
    return taken;
  }
}

/** Ranges come from the outside in; a part that ran within one that did not is not to be expected, but is cut out. */
function idleIn(ranges: readonly Profiler.CoverageRange[]): readonly Stretch[] {
  let idle: readonly Stretch[] = [];
  for (const { startOffset, endOffset, count } of ranges) {
    const range = [startOffset, endOffset] as const;
    idle = count === 0 ? [...without(idle, [range]), range] : without(idle, [range]);
  }
  return idle;
}

/** All that ever ran, as sightings were added. */
export class Reached {
  readonly #idle = new Map<string, readonly Stretch[]>();
  #stretches = 0;

  /** Stretches of code that were news when they were added. */
  get stretches(): number {
    return this.#stretches;
  }

  /** Names of the functions that ran, as `file:///… name from-to`. */
  get functions(): readonly string[] {
    return [...this.#idle.keys()];
  }

  isNews({ functions }: Sighting): boolean {
    for (const [name, { whole, idle }] of functions) {
      const known = this.#idle.get(name) ?? [whole];
      if (lengthOf(common(known, idle)) < lengthOf(known)) return true;
    }
    return false;
  }

  add({ functions }: Sighting): void {
    for (const [name, { whole, idle }] of functions) {
      const known = this.#idle.get(name) ?? [whole];
      const left = common(known, idle);
      if (lengthOf(left) === lengthOf(known)) continue;
      this.#stretches += without(known, left).length;
      this.#idle.set(name, left);
    }
  }
}

function lengthOf(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, [from, to]) => sum + to - from, 0);
}

function common(a: readonly Stretch[], b: readonly Stretch[]): readonly Stretch[] {
  const parts: Stretch[] = [];
  for (const [fromA, toA] of a)
    for (const [fromB, toB] of b) {
      const part = [Math.max(fromA, fromB), Math.min(toA, toB)] as const;
      if (part[0] < part[1]) parts.push(part);
    }
  return parts;
}

function without(a: readonly Stretch[], b: readonly Stretch[]): readonly Stretch[] {
  return b.reduce<readonly Stretch[]>(
    (rest, [from, to]) =>
      rest.flatMap(([a0, a1]) =>
        [[a0, Math.min(a1, from)] as const, [Math.max(a0, to), a1] as const].filter(([x, y]) => x < y),
      ),
    a,
  );
}
