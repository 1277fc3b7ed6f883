/**
 * How good a peer has been, from what really happened with it: whether dials and handshakes led to a link, how fast it
 * answers, how much of what it sends is news, when it was last there, and what it did wrong. Each part moves
 * towards its middle as time passes, so that neither merit nor blame lasts for ever.
 */

/** Each share from 0 to 1, but for violations, which are a count; `at` is the monotonic time to which they hold. */
export interface Quality {
  readonly success: number;
  readonly promptness: number;
  readonly usefulness: number;
  readonly violations: number;
  readonly seenAt: number | undefined;
  readonly at: number;
}

export type Observation =
  | { readonly type: "dialed"; readonly success: boolean }
  | { readonly type: "answered"; readonly rttMs: number }
  | { readonly type: "brought"; readonly news: boolean }
  | { readonly type: "violated" };

/** Time in which half of what was observed is forgotten, in ms. Guess. */
export const qualityHalfLifeMs = 3_600_000;
/** Weight of the newest observation. Guess: five in a row tell. */
const newestWeight = 0.2;
/** The round trip that counts as middling, in ms. Guess: two continents. */
const middlingRttMs = 100;
/** Time after which a peer that was not seen counts as half gone, in ms. */
const absenceHalfMs = 86_400_000;
const middle = 0.5;
/** The score of a peer of which nothing is known: whoever did wrong is no better. */
export const strangersScore = 50;
/** Points that one violation costs. Guess: two weigh more than all merit but the best. */
const violationPoints = 25;
/** What the parts weigh, in points of a hundred. */
const points = { success: 35, promptness: 20, usefulness: 25, recency: 20 } as const;

export function newQuality(mono: number): Quality {
  return { success: middle, promptness: middle, usefulness: middle, violations: 0, seenAt: undefined, at: mono };
}

export function observed(before: Quality, what: Observation, mono: number): Quality {
  const then = faded(before, mono);
  switch (what.type) {
    case "dialed":
      return {
        ...then,
        success: moved(then.success, what.success ? 1 : 0),
        seenAt: what.success ? mono : then.seenAt,
      };
    case "answered":
      return {
        ...then,
        promptness: moved(then.promptness, middlingRttMs / (middlingRttMs + Math.max(0, what.rttMs))),
        seenAt: mono,
      };
    case "brought":
      return { ...then, usefulness: moved(then.usefulness, what.news ? 1 : 0), seenAt: mono };
    case "violated":
      return { ...then, violations: then.violations + 1 };
  }
}

/** From 0 to 100; 50 for a peer of which nothing is known but that it was seen a day ago. */
export function scoreOf(quality: Quality, mono: number): number {
  const { success, promptness, usefulness, violations, seenAt } = faded(quality, mono);
  const recency = seenAt === undefined ? middle : 2 ** (-(mono - seenAt) / absenceHalfMs);
  const merit =
    points.success * success +
    points.promptness * promptness +
    points.usefulness * usefulness +
    points.recency * recency;
  return Math.max(0, Math.min(100, Math.round(merit - violationPoints * violations)));
}

/** What is left of it at this moment. */
export function faded(quality: Quality, mono: number): Quality {
  const left = 2 ** (-Math.max(0, mono - quality.at) / qualityHalfLifeMs);
  const halved = (value: number): number => middle + (value - middle) * left;
  return {
    success: halved(quality.success),
    promptness: halved(quality.promptness),
    usefulness: halved(quality.usefulness),
    violations: quality.violations * left,
    seenAt: quality.seenAt,
    at: mono,
  };
}

function moved(value: number, towards: number): number {
  return value + newestWeight * (towards - value);
}
