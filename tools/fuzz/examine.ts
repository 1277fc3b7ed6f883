/**
 * One input through one target. It breaks the target when the decoder throws, changes its input,
 * accepts what it would write differently, or takes more than `hangMs` of the processor.
 */
import { type Bytes, equalBytes } from "../../src/base/bytes.ts";
import type { Decoding, Target } from "./target.ts";

export interface Examined {
  readonly outcome: string;
  readonly fault: string | undefined;
}

/** Source: what is asked of every decoder. */
const hangMs = 100;
/** An input that took too long once is tried again so often before it is believed. */
const hangTries = 3;

/** Answers at once where the target does: waiting takes longer than most decoders. */
export function examine(target: Target, input: Bytes): Examined | Promise<Examined> {
  const before = input.slice();
  const began = performance.now();
  try {
    const decoding = target.look(input);
    if (decoding instanceof Promise)
      return decoding.then(
        (settled) => judge(before, input, settled, began) ?? again(target, input, settled.outcome),
        (error: unknown) => threw(error),
      );
    return judge(before, input, decoding, began) ?? again(target, input, decoding.outcome);
  } catch (error) {
    return threw(error);
  }
}

/** Undefined where all is well but the time. */
function judge(before: Bytes, input: Bytes, { outcome, again }: Decoding, began: number): Examined | undefined {
  if (!equalBytes(before, input)) return { outcome, fault: "the decoder changed its input" };
  if (again !== undefined && !equalBytes(again, input)) return { outcome, fault: "accepted, but written differently" };
  return performance.now() - began > hangMs ? undefined : { outcome, fault: undefined };
}

/** Other programs make the clock run on; so the time is believed only when the decoder alone takes it of the processor. */
async function again(target: Target, input: Bytes, outcome: string): Promise<Examined> {
  let shortestMs = Infinity;
  for (let i = 0; i < hangTries && shortestMs > hangMs; i++) {
    const before = process.threadCpuUsage();
    await target.decode(input);
    const { user, system } = process.threadCpuUsage(before);
    shortestMs = Math.min(shortestMs, (user + system) / 1_000);
  }
  return { outcome, fault: shortestMs > hangMs ? `takes ${Math.round(shortestMs)} ms` : undefined };
}

function threw(error: unknown): Examined {
  return {
    outcome: "threw",
    fault: `threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  };
}
