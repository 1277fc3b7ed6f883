/**
 * One thing wrong with a configuration, in words that already name the place.
 */
export interface Problem {
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  readonly key?: string;
}

export function addProblem(
  problems: Problem[],
  place: { readonly file: string; readonly line: number; readonly key: string },
  complaint: string,
): void {
  problems.push({ message: `${place.file}:${place.line}: ${place.key} ${complaint}`, ...place });
}
