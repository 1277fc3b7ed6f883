/**
 * Whether the nodes of a testnet hold the same: equal roots over equally many entries on every
 * node that runs. The one place that decides it, for the table, the scenarios and the tests.
 */
import type { NodeView } from "./views.ts";

export type Convergence =
  | { readonly converged: true; readonly root: string; readonly entries: number; readonly nodes: number }
  | { readonly converged: false; readonly why: string };

/** Nodes that are paused or stopped do not count; one that runs and does not answer does. */
export function judgeConvergence(views: readonly NodeView[]): Convergence {
  const running = views.filter(({ state }) => state === "running" || state === "silent");
  const silent = running.filter(({ state }) => state === "silent").map(({ node }) => node);
  if (running.length === 0) return { converged: false, why: "no node runs" };
  if (silent.length > 0) return { converged: false, why: `node ${silent.join(", ")} does not answer` };
  const byRoot = Map.groupBy(running, ({ root, entries }) => `${root ?? ""} ${entries ?? ""}`);
  const [first] = running;
  if (byRoot.size === 1) {
    return { converged: true, root: first?.root ?? "", entries: first?.entries ?? 0, nodes: running.length };
  }
  const parts = Array.from(byRoot.values(), (alike) => {
    const numbers = alike.map(({ node }) => node).join(",");
    return `${numbers} with ${alike[0]?.entries} entries (${alike[0]?.root?.slice(0, 8)})`;
  });
  const full = running.flatMap((view) => (view.full === "" ? [] : [`; node ${view.node}: ${view.full}`]));
  return { converged: false, why: `${byRoot.size} different sets: ${parts.join("; ")}${full.join("")}` };
}
