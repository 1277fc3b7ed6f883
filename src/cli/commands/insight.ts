/**
 * `converged`, `explain` and `partitions`: what operators ask before they trust a network, and when they wonder.
 */
import type { ConvergenceView, KeyExplanationView, PartitionsView } from "../../api/insight-views.ts";
import { describeConvergence, describeKey, describePartitions } from "../describe-insight.ts";
import { askJson } from "../http-client.ts";
import { painter } from "../text.ts";
import { asVerb, jsonLine, type Registry } from "../verb.ts";
import { waitMsOf } from "../wait-flag.ts";

interface ConvergedFlags {
  readonly wait?: string;
  readonly aloneOk?: boolean;
  readonly prefix?: string;
}

export function addConverged(registry: Registry): void {
  const command = registry.program
    .command("converged")
    .description("Whether all reachable members equal this node now; exit code 1 where one does not, or none is there")
    .option("--wait <TIME>", "go on asking for so long, as 30s, 500ms or 2m; without it each member is asked once")
    .option("--prefix <P>", "compare only what lies under it, at most 100,000 entries")
    .option("--alone-ok", "a node that reaches no member is not a failure")
    .addHelpText("after", "\nExamples:\n  p2p-sync converged --wait 30s && ./backup\n  p2p-sync converged --json");
  asVerb<ConvergedFlags>(command, registry, async ({ target, json, print, shell, options }) => {
    const waitMs = waitMsOf(options.wait, 0);
    const { prefix } = options;
    const query = new URLSearchParams({ waitMs: String(waitMs), ...(prefix !== undefined && { prefix }) });
    const request = { method: "GET", path: `/v1/converged?${query.toString()}`, extraWaitMs: waitMs } as const;
    const view = await askJson<ConvergenceView>(target, request);
    print(json ? jsonLine(view) : describeConvergence(view, painter(shell)));
    return view.converged || (view.alone && options.aloneOk === true) ? 0 : 1;
  });
}

export function addExplain(registry: Registry): void {
  const command = registry.program
    .command("explain <KEY>")
    .description("What is known of a key: version, writer, how it came here, who holds it; exit code 4 if never seen")
    .addHelpText("after", "\nExamples:\n  p2p-sync explain config/theme\n  p2p-sync explain config/theme --json");
  asVerb(command, registry, async ({ target, json, print }, key = "") => {
    const path = `/v1/explain/${encodeURIComponent(key)}`;
    const view = await askJson<KeyExplanationView>(target, { method: "GET", path });
    print(json ? jsonLine(view) : describeKey(view));
    return view.state === "neverSeen" ? 4 : 0;
  });
}

export function addPartitions(registry: Registry): void {
  const command = registry.program
    .command("partitions")
    .description("Members that vanished without a goodbye: since when, writes on each side, and which of them lost")
    .addHelpText("after", "\nExample:\n  p2p-sync partitions --json | jq '.partitions[0].lost'");
  asVerb(command, registry, async ({ target, json, print }) => {
    const view = await askJson<PartitionsView>(target, { method: "GET", path: "/v1/partitions" });
    print(json ? jsonLine(view) : describePartitions(view));
  });
}
