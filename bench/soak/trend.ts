/**
 * Whether what a process holds grows without end: a straight line through the looks at it, and how sure its slope is.
 * A slope counts as too steep only where even its lower end, two standard errors down, is above the bound: noise of an
 * allocator is no leak.
 */

export interface Look {
  readonly minutes: number;
  readonly megabytes: number;
}

export interface Trend {
  /** MB an hour. */
  readonly slope: number;
  /** Of the slope, two standard errors. */
  readonly uncertainty: number;
}

/** MB an hour that may be grown by, after the warm-up. Guess: a leak of 60 bytes per write at 100 writes a second is 20 MB an hour of heap; what is resident wavers more. */
export const growthMax = { heap: 12, resident: 60 } as const;
/** Looks that a trend needs. Guess: below that anything is a line. */
export const looksMin = 6;

/** Least squares; undefined of fewer looks than a trend needs. */
export function trendOf(looks: readonly Look[]): Trend | undefined {
  if (looks.length < looksMin) return undefined;
  const mean = (of: (look: Look) => number): number => looks.reduce((sum, look) => sum + of(look), 0) / looks.length;
  const [meanAt, meanHeld] = [mean(({ minutes }) => minutes), mean(({ megabytes }) => megabytes)];
  const spread = looks.reduce((sum, { minutes }) => sum + (minutes - meanAt) ** 2, 0);
  const slope =
    looks.reduce((sum, { minutes, megabytes }) => sum + (minutes - meanAt) * (megabytes - meanHeld), 0) / spread;
  const rest = looks.reduce(
    (sum, { minutes, megabytes }) => sum + (megabytes - meanHeld - slope * (minutes - meanAt)) ** 2,
    0,
  );
  const error = Math.sqrt(rest / (looks.length - 2) / spread);
  return { slope: 60 * slope, uncertainty: 2 * 60 * error };
}

export function growsTooFast({ slope, uncertainty }: Trend, max: number): boolean {
  return slope - uncertainty > max;
}
