/**
 * One turn of a replica: inputs in, one durable commit, effects out. Shared by the production
 * thread and the simulator, so that both keep the same promise: what tells the world anything
 * happens only after everything the turn changed is durable.
 *
 * 1. A write is applied to the store's open turn when it is emitted, so all later reads see it.
 * 2. Signature checks start at once; they tell nobody anything.
 * 3. All other effects wait for the commit and run in the order they were emitted.
 * 4. A store that fails throws out of here; the replica is not stepped again.
 */
import type { Time } from "../base/brand.ts";
import type { Effect } from "../core/effects.ts";
import type { ReplicaInput } from "../core/replica/inputs.ts";
import type { Replica } from "../core/replica/replica.ts";
import type { Store } from "../ports/store.ts";

export type VerifyEffect = Extract<Effect, { type: "verify" }>;
/** What is left to the world once the turn is durable. */
export type OutwardEffect = Exclude<Effect, { type: "persist" | "verify" }>;

export interface TurnResult {
  readonly effects: readonly OutwardEffect[];
  /** Whether anything was written. */
  readonly wrote: boolean;
}

export function runTurn(
  replica: Replica,
  store: Store,
  inputs: readonly ReplicaInput[],
  now: () => Time,
  startCheck: (effect: VerifyEffect) => void,
  /** Told of each input just before its step, and of nothing when the last has ended. */
  stepping: (input: ReplicaInput | undefined) => void = () => undefined,
): TurnResult {
  const outward: OutwardEffect[] = [];
  let wrote = false;
  const out = {
    push(effect: Effect): void {
      if (effect.type === "persist") {
        store.apply(effect.write);
        wrote = true;
      } else if (effect.type === "verify") startCheck(effect);
      else outward.push(effect);
    },
  };
  store.begin();
  for (const input of inputs) {
    stepping(input);
    replica.step(input, now(), store, out);
  }
  stepping(undefined);
  replica.endTurn(now(), store, out);
  store.commit();
  return { effects: outward, wrote };
}
