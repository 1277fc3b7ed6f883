/**
 * `npm run test:net [-- NAME …]`: hosts in network namespaces on a bridge. Three that find each
 * other by mDNS alone, and networks whose cables fail (`partitions.ts`); with names, only those
 * stories whose title contains one. Exits 0 when all held or when this machine cannot do them, and
 * then says what is missing; 1 when one did not hold.
 */
import { exitOnSignals } from "../support/real-node.ts";
import { findAndShare } from "./find-and-share.ts";
import { missingForInternet } from "./internet.ts";
import { behindTwoRouters, forwardedPorts, relayDies } from "./nat.ts";
import { missingForRouterDaemon } from "./router-daemon.ts";
import { missingForFaults, missingForLan, wayOfFaults } from "./lan.ts";
import { stories } from "./partitions.ts";
import { relinkedMsMax, silence, silenceNoticedMsMax } from "./silence.ts";

interface Trial {
  readonly name: string;
  readonly missing: () => string | undefined;
  /** Resolves with what to say of it. */
  readonly run: (say: (line: string) => void) => Promise<string>;
}

const findEachOther: Trial = {
  name: "three find each other by mDNS",
  missing: missingForLan,
  async run(say) {
    const { linkedMs } = await findAndShare(say);
    return `ready to fully linked in ${Math.round(linkedMs)} ms, asking by command included`;
  },
};

const silent: Trial = {
  name: "a host cut off for 10 s",
  missing: missingForFaults,
  async run(say) {
    const { noticedMs, relinkedMs } = await silence(10_000, say);
    if (noticedMs > silenceNoticedMsMax) throw new Error(`noticed after ${Math.round(noticedMs)} ms only`);
    if (relinkedMs > relinkedMsMax) throw new Error(`linked again after ${Math.round(relinkedMs)} ms only`);
    return `noticed after ${Math.round(noticedMs)} ms, all links again after ${Math.round(relinkedMs)} ms`;
  },
};

const behindRouters: Trial = {
  name: "two homes behind routers, and a relay",
  missing: missingForInternet,
  async run(say) {
    const { betweenHomes, fromOutside } = await behindTwoRouters(say);
    return `between the homes ${betweenHomes}, from outside ${fromOutside.join(" and ")}`;
  },
};

const forwarding: Trial = {
  name: "two homes whose routers forward ports",
  missing: () => missingForInternet() ?? missingForRouterDaemon(),
  async run(say) {
    const { mappings, ways, forwarded, left } = await forwardedPorts(say);
    if (ways.some((way) => way !== "direct")) throw new Error(`linked from outside: ${ways.join(", ")}`);
    if (left.some((ports) => ports > 0)) throw new Error(`${left.join(" and ")} ports are still forwarded`);
    return `${mappings.join("; ")}; ${forwarded.join(" and ")} ports, none after the stop`;
  },
};

const dyingRelay: Trial = {
  name: "a relay between two homes dies",
  missing: missingForInternet,
  async run(say) {
    const { relinkedMs, why } = await relayDies(say);
    return `linked over the other relay after ${Math.round(relinkedMs)} ms; why: ${why.slice(0, 200)}`;
  },
};

const trials: readonly Trial[] = [
  findEachOther,
  silent,
  behindRouters,
  forwarding,
  dyingRelay,
  ...stories.map(({ name, run }) => ({
    name,
    missing: missingForFaults,
    run: async (say: (line: string) => void) => {
      const { acknowledged, healMs } = await run(say);
      return `${acknowledged} acknowledged writes on all nodes, equal after ${Math.round(healMs)} ms`;
    },
  })),
];

const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function holds({ name, missing, run }: Trial): Promise<boolean> {
  const lacking = missing();
  if (lacking !== undefined) {
    print(`skipped: ${name}: ${lacking}`);
    return true;
  }
  print(name);
  const began = performance.now();
  try {
    const found = await run((line) => print(`  ${line}`));
    print(`  held: ${found} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
    return true;
  } catch (error) {
    print(`  failed: ${(error as Error).message}`);
    return false;
  }
}

exitOnSignals();
const way = wayOfFaults();
if (typeof way !== "string") print(`packets are lost by ${way.program}`);
const wanted = process.argv.slice(2);
const chosen = trials.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
if (chosen.length === 0) print(`no trial is named so; there are: ${trials.map(({ name }) => name).join(", ")}`);
let failed = chosen.length === 0 ? 1 : 0;
for (const trial of chosen) if (!(await holds(trial))) failed += 1;
process.exitCode = failed === 0 ? 0 : 1;
