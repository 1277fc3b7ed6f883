/**
 * One thing the house rules have against a file: where, which rule, and what to do about it.
 */
export interface Problem {
  readonly path: string;
  /** From 1; 0 where the whole file is meant. */
  readonly line: number;
  readonly rule: string;
  /** What is wrong and what to do, for someone who does not know the rule. */
  readonly message: string;
}

export function formatProblem(problem: Problem): string {
  const place = problem.line === 0 ? problem.path : `${problem.path}:${problem.line}`;
  return `${place}  [${problem.rule}] ${problem.message}`;
}
