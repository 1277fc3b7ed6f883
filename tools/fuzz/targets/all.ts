/**
 * Every fuzz target, by the file it stands in. A thread loads only the file of its own target: the
 * less code is loaded, the less a look at the coverage takes.
 */
import { assert } from "../../../src/base/assert.ts";
import type { Target } from "../target.ts";

const files = {
  wire: () => import("./wire.ts"),
  text: () => import("./text.ts"),
  words: () => import("./words.ts"),
  files: () => import("./files.ts"),
  link: () => import("./link.ts"),
  router: () => import("./router.ts"),
  muxer: () => import("./muxer.ts"),
  store: () => import("./store.ts"),
  gossipStream: () => import("./gossip-stream.ts"),
  http: () => import("./http.ts"),
  cli: () => import("./cli.ts"),
} as const satisfies Readonly<Record<string, () => Promise<{ readonly targets: readonly Target[] }>>>;

export type TargetFile = keyof typeof files;

export interface ListedTarget extends Target {
  readonly file: TargetFile;
}

export async function loadTargets(): Promise<readonly ListedTarget[]> {
  const loaded = (Object.keys(files) as TargetFile[]).map(async (file) => {
    const { targets } = await files[file]();
    return targets.map((target: Target) => ({ ...target, file }));
  });
  return (await Promise.all(loaded)).flat();
}

export async function loadTarget(file: TargetFile, name: string): Promise<Target> {
  const { targets } = await files[file]();
  const found = targets.find((target: Target) => target.name === name);
  assert(found !== undefined, "a target that is listed is there");
  return found;
}
