/**
 * `npm run test:net`: three network namespaces on a bridge, mDNS only. Exits 0 when it held or
 * when this machine cannot do it, and then says what is missing; 1 when it did not hold.
 */
import { exitOnSignals } from "../support/real-node.ts";
import { findAndShare } from "./find-and-share.ts";
import { missingForLan } from "./lan.ts";

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const missing = missingForLan();
  if (missing !== undefined) {
    say(`skipped: ${missing}`);
    return 0;
  }
  try {
    const report = await findAndShare(say);
    say(`held: ready to fully linked in ${Math.round(report.linkedMs)} ms, asking by command included`);
    return 0;
  } catch (error) {
    say(`failed: ${(error as Error).message}`);
    return 1;
  }
}

exitOnSignals();
process.exitCode = await main();
