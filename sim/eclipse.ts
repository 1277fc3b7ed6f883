/**
 * `npm run sim:eclipse -- --runs N --seed S`: does a node whose neighbours change keep links to honest peers, when four of
 * five addresses it is told of are an attacker's? The machine that decides about dials, the address book and the
 * places for links are the code that ships; the rest of the network is a table.
 *
 * A world has 200 honest members, each in a /24 of its own, and 800 hostile addresses in 16 networks (/16) that the attacker owns.
 * The victim lives for an hour: honest members come and go, it hears of addresses from whoever is linked, and after the
 * first quarter hour hostile ones dial it as often as they can, answer whenever they are dialed, and tell of nothing but
 * each other. Then it is started again with what is on its disk, while the attacker is already dialing, and half of
 * the honest members are gone. Counted is how many links of its own dialing lead to honest members ten minutes later.
 */
import { parseArgs } from "node:util";
import { Prng } from "../src/base/prng.ts";
import { EclipsedWorld, type EclipseOutcome } from "./eclipse/world.ts";

/** Source: decided for the product. */
const honestLinksMin = 2;

function main(): void {
  const { values } = parseArgs({
    options: { runs: { type: "string", default: "1000" }, seed: { type: "string", default: "1" } },
  });
  const runs = Number(values.runs);
  const seeds = new Prng(Number(values.seed));
  const outcomes: EclipseOutcome[] = [];
  const began = performance.now();
  for (let run = 0; run < runs; run++) outcomes.push(new EclipsedWorld(seeds.u32()).run());
  const honest = outcomes.map((outcome) => outcome.honestOutbound).sort((a, b) => a - b);
  const eclipsed = outcomes.filter((outcome) => outcome.honestOutbound < honestLinksMin);
  const at = (share: number): number => honest[Math.min(honest.length - 1, Math.floor(share * honest.length))] ?? 0;
  console.log(`${runs} runs in ${Math.round((performance.now() - began) / 1_000)} s`);
  console.log(`honest links of its own dialing: least ${at(0)}, 1 % ${at(0.01)}, median ${at(0.5)}, most ${at(1)}`);
  const mean = (pick: (outcome: EclipseOutcome) => number): string =>
    (outcomes.reduce((sum, outcome) => sum + pick(outcome), 0) / Math.max(1, runs)).toFixed(1);
  console.log(`hostile links of its own dialing, mean ${mean((each) => each.hostileOutbound)}`);
  console.log(
    `places for those who dial in: hostile ${mean((each) => each.hostileInbound)}, honest ${mean((each) => each.honestInbound)}`,
  );
  console.log(
    `in the address book at the start: honest ${mean((each) => each.honestInBook)}, hostile ${mean((each) => each.hostileInBook)}`,
  );
  console.log(`${runs - eclipsed.length} of ${runs} have at least ${honestLinksMin}`);
  for (const { seed, honestOutbound } of eclipsed.slice(0, 20)) console.log(`seed ${seed}: ${honestOutbound}`);
  if (eclipsed.length > 0) process.exitCode = 1;
}

main();
