/**
 * `npm run demo`: three real nodes on loopback share keys, in under a minute. Prints what it does,
 * then a table of what it measured; exits 0 only if everything it claims held.
 *
 * `npm run demo -- --break sync` makes one node deaf and must exit 1, naming what did not hold:
 * a demo that cannot fail shows nothing. Ctrl-C ends the nodes and removes their folders.
 */
import { parseArgs } from "node:util";
import { Nursery } from "../test/support/real-node.ts";
import { Report } from "./demo/report.ts";
import { tellStory } from "./demo/scenario.ts";

const usage = "usage: npm run demo [-- --break sync]";
/** Source: the demo takes under a minute; a step that hangs ends it here. */
const totalMsMax = 60_000;

function readArguments(): { readonly breakSync: boolean } | undefined {
  try {
    const { values } = parseArgs({ options: { break: { type: "string" } } });
    return values.break === undefined || values.break === "sync" ? { breakSync: values.break === "sync" } : undefined;
  } catch {
    return undefined; // an unknown flag: the usage says which there are
  }
}

/** Rejects at a signal or when the time is over. */
function interruption(): { readonly happened: Promise<never>; release(): void } {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined); // told to whoever races against it
  const onSignal = (signal: NodeJS.Signals): void => reject(new Error(`stopped by ${signal}`));
  const timer = setTimeout(() => reject(new Error(`not done after ${totalMsMax / 1000} s`)), totalMsMax);
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  return {
    happened: promise,
    release() {
      clearTimeout(timer);
      process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    },
  };
}

async function main(): Promise<number> {
  const wanted = readArguments();
  if (wanted === undefined) {
    console.error(usage);
    return 2;
  }
  const report = new Report((line) => console.log(line));
  const nursery = new Nursery();
  const interrupted = interruption();
  try {
    const story = tellStory({ nursery, report, ...wanted });
    story.catch(() => undefined); // seen below, unless an interruption came first
    await Promise.race([story, interrupted.happened]);
    console.log(`\n${report.table()}\nAll ${report.steps} claims held, in ${report.seconds} s.`);
    return 0;
  } catch (error) {
    console.log(`\n${report.table()}`);
    console.error(`The demo failed after ${report.seconds} s: ${(error as Error).message}`);
    return 1;
  } finally {
    interrupted.release();
    await nursery.end();
  }
}

process.exitCode = await main();
