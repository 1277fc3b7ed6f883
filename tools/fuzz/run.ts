/**
 * Runs one target for a number of executions or for some seconds: valid inputs, damaged ones and
 * noise, all drawn from the seed. An input breaks the target when the decoder throws, changes its
 * input, accepts what it would write differently, or takes more memory than it may.
 */
import { type Bytes, equalBytes } from "../../src/base/bytes.ts";
import { Prng } from "../../src/base/prng.ts";
import { allocatedBytes, allocationBytesMax } from "./memory.ts";
import { mutated } from "./mutate.ts";
import type { Target } from "./targets.ts";

export interface Failure {
  readonly input: Bytes;
  readonly what: string;
}

export interface FuzzResult {
  readonly executions: number;
  readonly seconds: number;
  /** How often each outcome came. */
  readonly outcomes: ReadonlyMap<string, number>;
  readonly failures: readonly Failure[];
  /** Most memory taken by one of the executions measured. */
  readonly allocatedBytesTop: number;
}

export interface FuzzOptions {
  readonly seed: number;
  readonly executionsMax: number;
  readonly secondsMax: number;
  /** Memory is measured at each so manieth execution; a measurement costs a garbage collection. */
  readonly measureEvery: number;
}

/** Different inputs that break a target are many; the first few tell enough. */
const failuresMax = 10;
const poolSize = 64;

export function fuzz(target: Target, options: FuzzOptions): FuzzResult {
  const prng = new Prng(options.seed);
  const outcomes = new Map<string, number>();
  const failures: Failure[] = [];
  const start = performance.now();
  const seconds = (): number => (performance.now() - start) / 1_000;
  let pool: readonly Bytes[] = [];
  let executions = 0;
  let allocatedBytesTop = 0;
  for (
    ;
    executions < options.executionsMax && seconds() < options.secondsMax && failures.length < failuresMax;
    executions++
  ) {
    if (executions % 512 === 0) pool = Array.from({ length: poolSize }, () => target.valid(prng));
    const input = nextInput(pool, prng);
    const { outcome, fault } = examine(target, input);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if (fault !== undefined) failures.push({ input, what: fault });
    if (executions % options.measureEvery !== 0) continue;
    const bytes = allocatedBytes(target.decode, input);
    allocatedBytesTop = Math.max(allocatedBytesTop, bytes);
    if (bytes > allocationBytesMax(input.length))
      failures.push({ input, what: `${bytes} bytes allocated for ${input.length}` });
  }
  return { executions, seconds: seconds(), outcomes, failures, allocatedBytesTop };
}

/** One input through one target; `fault` says how it broke it. */
export function examine(
  target: Target,
  input: Bytes,
): { readonly outcome: string; readonly fault: string | undefined } {
  const before = input.slice();
  try {
    const { outcome, again } = target.look(input);
    if (!equalBytes(before, input)) return { outcome, fault: "the decoder changed its input" };
    if (again !== undefined && !equalBytes(again, input))
      return { outcome, fault: "accepted, but written differently" };
    return { outcome, fault: undefined };
  } catch (error) {
    return { outcome: "threw", fault: `threw ${String(error)}` };
  }
}

function nextInput(pool: readonly Bytes[], prng: Prng): Bytes {
  const kind = prng.unit();
  if (kind < 0.1) return prng.pick(pool);
  if (kind < 0.9) return mutated(prng.pick(pool), prng.pick(pool), prng);
  const noise = prng.bytes(prng.below(300));
  if (noise.length > 0 && prng.chance(0.5)) noise[0] = prng.below(6); // past the first byte, where most noise ends
  return noise;
}
