/**
 * Seeds that once broke something, with what it was. CI runs them before anything else. A seed means
 * what the options draw from it, so a change there makes an old one an ordinary seed: where the same
 * trouble can be told by a unit test, that test stands beside the code as well.
 */
import type { Scenario } from "./options.ts";

export interface Regression {
  readonly seed: number;
  readonly scenario: Scenario;
  /** What it broke before it was repaired. */
  readonly broke: string;
}

export const regressions: readonly Regression[] = [
  {
    seed: 28,
    scenario: "chaos",
    broke: "a peer whose hello was of a later version and longer was blamed for breaking the protocol",
  },
  {
    seed: 200_658,
    scenario: "chaos",
    broke:
      "a fragment whose operations had ids in another order than their indices was malformed, and its sender blamed",
  },
  {
    seed: 904,
    scenario: "away",
    broke:
      "a walk that began before a pull brought a forgotten entry made its member current, which kept that entry alone",
  },
  {
    seed: 301_358,
    scenario: "chaos",
    broke: "a clock that stood still just before a batch held back was due kept its node turning",
  },
  {
    seed: 91_036,
    scenario: "chaos",
    broke: "a member whose own side kept losing it had been alone for half a horizon, and was judged as if it had not",
  },
];
