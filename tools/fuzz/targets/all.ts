/**
 * Every fuzz target, by the file it stands in. A thread loads only the file of its own target: the
 * less code is loaded, the less a look at the coverage takes.
 */
import { assert } from "../../../src/base/assert.ts";
import type { Target } from "../target.ts";

const files: readonly (() => Promise<{ readonly targets: readonly Target[] }>)[] = [() => import("./wire.ts")];

export async function loadTargets(): Promise<readonly Target[]> {
  const loaded = await Promise.all(files.map((load) => load()));
  return loaded.flatMap(({ targets }) => targets);
}

/** Stops at the file that has it. */
export async function loadTarget(name: string): Promise<Target> {
  for (const load of files) {
    const found = (await load()).targets.find((target) => target.name === name);
    if (found !== undefined) return found;
  }
  assert(false, `there is a target named ${name}`);
}
