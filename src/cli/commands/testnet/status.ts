/**
 * `testnet status`: one row per node; with `--watch`, again and again until Ctrl-C.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { Command } from "commander";
import type { ExitCode } from "../../failure.ts";
import { judgeConvergence } from "../../testnet/converged.ts";
import type { Testnet } from "../../testnet/testnet.ts";
import { describeNodes, type NodeView } from "../../testnet/views.ts";
import { painter } from "../../text.ts";
import { jsonLine, type Registry } from "../../verb.ts";
import { asTestnetVerb, type TestnetContext } from "./verb.ts";

const refreshEveryMs = 1_000;

export function addTestnetStatus(group: Command, registry: Registry): void {
  const command = group
    .command("status")
    .description(
      "All nodes: process, links, entries, root and what is broken on purpose; exit code 3 where none answers",
    )
    .option("--watch", "show it again every second until Ctrl-C");
  asTestnetVerb<{ watch?: boolean }>(command, registry, async (context) => {
    const testnet = context.open();
    if (context.options.watch === true && !context.json) return await showTable(context, testnet, true);
    const views = await testnet.views();
    context.print(
      context.json
        ? jsonLine({ network: testnet.record.network, nodes: views, convergence: judgeConvergence(views) })
        : textOf(context, testnet, views),
    );
    return exitOf(views);
  });
}

/** Once, or in a terminal on and on; the nodes do not care. */
export async function showTable(
  context: TestnetContext<unknown>,
  testnet: Testnet,
  isLive: boolean,
): Promise<ExitCode> {
  const { shell } = context;
  let views = await testnet.views();
  if (!isLive || shell.stdout.isTTY !== true) {
    context.print(textOf(context, testnet, views));
    return exitOf(views);
  }
  const interrupted = new AbortController();
  const stop = (): void => interrupted.abort();
  process.once("SIGINT", stop);
  while (!interrupted.signal.aborted) {
    const text = `${textOf(context, testnet, views)}\nCtrl-C ends this view; the nodes go on. Stop them: p2p-sync testnet down\n`;
    context.print(`\u001b[H\u001b[2J${text}`); // Source: ECMA-48, CUP and ED
    await wait(refreshEveryMs, undefined, { signal: interrupted.signal }).catch(() => undefined); // ended by the signal
    views = await testnet.views();
  }
  process.off("SIGINT", stop);
  return exitOf(views);
}

function textOf({ shell }: TestnetContext<unknown>, testnet: Testnet, views: readonly NodeView[]): string {
  const judged = judgeConvergence(views);
  const sum = judged.converged
    ? `all ${judged.nodes} running nodes hold the same ${judged.entries} entries`
    : `not all equal: ${judged.why}`;
  return `network ${testnet.record.network}\n${describeNodes(views, painter(shell))}${sum}\n`;
}

function exitOf(views: readonly NodeView[]): ExitCode {
  return views.some(({ state }) => state === "running") ? 0 : 3;
}
