import { expect, test } from "vitest";
import { judgeConvergence } from "./converged.ts";
import type { NodeView } from "./views.ts";

function view(node: number, root: string, entries: number, state: NodeView["state"] = "running"): NodeView {
  const ports = { p2p: 0, http: 0, host: "127.0.0.1", peer: "", pid: 1 };
  return { ...ports, node, state, links: 0, linksWanted: 0, entries, root, heldBack: 0, full: "", faults: "" };
}

test("equal roots over equally many entries on all that run are converged; who sleeps or is gone does not count", () => {
  const views = [view(1, "aa", 3), view(2, "aa", 3), view(3, "bb", 1, "stopped"), view(4, "cc", 2, "paused")];
  expect(judgeConvergence(views)).toEqual({ converged: true, root: "aa", entries: 3, nodes: 2 });
});

test.each([
  [
    "another root",
    [view(1, "aa", 3), view(2, "bb", 3)],
    "2 different sets: 1 with 3 entries (aa); 2 with 3 entries (bb)",
  ],
  [
    "another count",
    [view(1, "aa", 3), view(2, "aa", 2)],
    "2 different sets: 1 with 3 entries (aa); 2 with 2 entries (aa)",
  ],
  [
    "a node whose disk is full",
    [view(1, "aa", 3), { ...view(2, "bb", 2), full: "limits.max_disk is reached, what peers have waits" }],
    "2 different sets: 1 with 3 entries (aa); 2 with 2 entries (bb); node 2: limits.max_disk is reached, what peers have waits",
  ],
  ["a node that says nothing", [view(1, "aa", 3), view(2, "aa", 3, "silent")], "node 2 does not answer"],
  ["nobody", [view(1, "aa", 3, "stopped")], "no node runs"],
])("%s is not converged", (_, views, why) => {
  expect(judgeConvergence(views)).toEqual({ converged: false, why });
});
