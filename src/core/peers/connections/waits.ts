/** How long an address waits before it is dialed again. */
import type { PeerId, Time } from "../../../base/brand.ts";
import type { Prng } from "../../../base/prng.ts";
import type { GoodbyeCode } from "../../../codec/admit.ts";
import { type PeerClass, attemptsMax } from "../classes.ts";
import { backoffJitter, dormantDialMs, failuresCountedMax, redialAfterLossMs, steadyLinkMs } from "../limits.ts";
import type { PeerLimits } from "../peer-limits.ts";
import type { Candidate } from "./candidate.ts";
import { longestWait } from "./lost.ts";

/** Goodbyes after which trying again soon cannot help. */
const hopelessCodes: ReadonlySet<GoodbyeCode> = new Set([
  "wrongNetwork",
  "wrongVersion",
  "clock",
  "protocolViolation",
  "full",
  "banned",
]);

/** What comes of a link's end for an address of its peer. */
export type Loss =
  | { readonly type: "wait"; readonly waitMs: number }
  /** The link was no good one: it counts as a failure. */
  | { readonly type: "failure" };

/** What a wait depends on beside the address itself. */
export interface Surroundings {
  readonly class: PeerClass;
  readonly candidates: Iterable<Candidate>;
  readonly linked: ReadonlySet<PeerId>;
  readonly limits: PeerLimits;
}

/** Counts a failure and plans the next dial; returns the wait in ms, from which what has passed already is taken off. */
export function backOff(
  candidate: Candidate,
  surroundings: Surroundings,
  passedMs: number,
  prng: Prng,
  now: Time,
): number {
  const { class: peerClass, candidates, linked, limits } = surroundings;
  const attempts = peerClass === "regular" ? limits.attempts : attemptsMax[peerClass];
  candidate.dormant = candidate.lostAt === undefined && candidate.failures + 1 >= attempts;
  const wait = candidate.dormant
    ? dormantDialMs
    : Math.min(limits.backoffMsMin * 2 ** candidate.failures, longestWait(candidate, candidates, linked, limits));
  const waitMs = Math.max(redialAfterLossMs, prng.jittered(wait, backoffJitter) - passedMs);
  candidate.failures = Math.min(candidate.failures + 1, failuresCountedMax);
  candidate.notBefore = now.mono + waitMs;
  return waitMs;
}

/** Soon after a good link; long where the peer does not want us. Marks the address as one of a member that was lost. */
export function afterLoss(
  candidate: Candidate,
  code: GoodbyeCode | undefined,
  /** For how long the peer asked us to stay away. */
  awayMs: number,
  { backoffMsMax }: PeerLimits,
  prng: Prng,
  now: Time,
): Loss {
  if (code !== undefined && hopelessCodes.has(code)) {
    candidate.lostAt = undefined;
    if (code === "full" && awayMs > 0) return { type: "wait", waitMs: awayMs }; // it knows best when there may be a place
    return { type: "wait", waitMs: prng.jittered(backoffMsMax, backoffJitter) };
  }
  if (candidate.admittedAt === undefined || now.mono - candidate.admittedAt < steadyLinkMs) return { type: "failure" };
  candidate.failures = 0;
  candidate.dormant = false;
  candidate.lostAt = now.mono;
  return { type: "wait", waitMs: prng.jittered(redialAfterLossMs, backoffJitter) };
}
