/** Which counts of the two sides are too far apart. */
import { type CountName, type Counts, countNames } from "./counts.ts";

/** Source: decided for the product. */
export const differenceMax = 0.15;
/** Share of all of its kind below which a count is left to chance, such as walks that a late turn causes. Guess. */
const weighedShareMin = 0.005;

const kinds: readonly ((name: CountName) => boolean)[] = [
  (name) => ["gossip published", "gossip forwarded", "gossip answered"].includes(name),
  (name) => ["gossip accepted", "gossip ignored", "gossip rejected", "gossip duplicates"].includes(name),
  (name) => name.endsWith("frames"),
  (name) => name.endsWith("bytes"),
];

/** Names of counts that differ by more than allowed, and of kinds whose sums do. */
export function differences(real: Counts, simulated: Counts): readonly string[] {
  return kinds.flatMap((isOfKind) => {
    const names = countNames.filter(isOfKind);
    const all = (counts: Counts): number => names.reduce((total, name) => total + counts[name], 0);
    const least = weighedShareMin * all(real);
    const apart = names.filter(
      (name) => Math.max(real[name], simulated[name]) >= least && !isNear(real[name], simulated[name]),
    );
    return isNear(all(real), all(simulated)) ? apart : [...apart, `all of ${names.join(", ")}`];
  });
}

function isNear(real: number, simulated: number): boolean {
  return Math.abs(simulated - real) <= differenceMax * real;
}
