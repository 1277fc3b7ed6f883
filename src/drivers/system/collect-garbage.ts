/**
 * A full collection of this thread's garbage, now, after which its heap is as small as can be. V8 collects when its own
 * heap grows; values and frames lie outside of it, so that hundreds of MiB of dead ones may wait for a collection that a
 * limit cannot wait for. Measured: of an idle node it gives back 60 of 206 MB, most of it heap that V8 had kept after the start.
 * Source: node:v8, setFlagsFromString: contexts made after the flag is set have `gc`; V8's extension `gc`: `last-resort` frees pages too.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let collect: ((how: object) => void) | undefined;

export function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as (how: object) => void;
    setFlagsFromString("--no-expose-gc");
  }
  collect({ type: "major", execution: "sync", flavor: "last-resort" });
}
