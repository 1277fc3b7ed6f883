/** One seed from its options to its outcome. */
import type { Canary } from "./canaries.ts";
import { Violation } from "./checkers/violation.ts";
import type { Scenario, WorldOptions } from "./options.ts";
import { drawOptions } from "./scenarios.ts";
import { Recorder } from "./recorder.ts";
import { World, type WorldResult } from "./world.ts";

export interface SeedOutcome {
  readonly options: WorldOptions;
  readonly recorder: Recorder;
  readonly digest: string;
  readonly result: WorldResult | undefined;
  readonly violation: Violation | undefined;
}

export interface SeedRequest {
  readonly seed: number;
  readonly scenario: Scenario;
  readonly canary?: Canary | undefined;
  readonly print?: ((line: string) => void) | undefined;
}

export function runSeed({ seed, scenario, canary, print }: SeedRequest): SeedOutcome {
  const options = drawOptions(seed, scenario);
  const recorder = new Recorder(print);
  try {
    const result = new World(options, recorder, canary).run();
    return { options, recorder, digest: recorder.digest(), result, violation: undefined };
  } catch (error) {
    const violation = error instanceof Violation ? error : new Violation("7 no step fails", String(error), {}, error);
    return { options, recorder, digest: recorder.digest(), result: undefined, violation };
  }
}
