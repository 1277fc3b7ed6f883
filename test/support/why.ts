/** Waits until a node names a cause, and sees that it named no other on the way there. */
import { expect } from "vitest";
import type { Explanation, NodeFacade } from "../../src/node/facade.ts";
import { until } from "./until.ts";
import type { ReachSnapshot } from "../../src/core/peers/reach/machine.ts";

/** Of a node that nobody tried to reach, and that asked no relay. */
export const noReach: ReachSnapshot = { verdict: "unknown", witnesses: [], places: [] };

/** What may be said of a peer before its trouble has come to pass. */
const before = ["unknown", "notDialed", "connecting", "connected"];

export async function causeOf(
  node: NodeFacade,
  target: string,
  cause: string,
  alsoBefore: readonly string[] = [],
): Promise<Explanation> {
  const seen = new Set<string>();
  let last: Explanation | undefined;
  const found = await until(
    `why says ${cause}`,
    async () => {
      last = await node.why(target);
      seen.add(last.cause);
      return last.cause === cause ? last : undefined;
    },
    { seen: () => last },
  );
  expect([...before, ...alsoBefore, cause]).toEqual(expect.arrayContaining([...seen]));
  return found;
}
