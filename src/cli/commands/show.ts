/**
 * `status`, `info`, `peers`, `netcheck` and `health`: how the node stands.
 */
import type { ExplanationView, HealthView, InfoView, StatusView } from "../../api/views.ts";
import type { NetCheckView } from "../../api/netcheck-views.ts";
import { describeExplanation, describeHealth, describeInfo, describePeers, describeStatus } from "../describe.ts";
import { describeNetcheck } from "../describe-netcheck.ts";
import type { ExitCode } from "../failure.ts";
import { ask, askJson } from "../http-client.ts";
import { painter } from "../text.ts";
import { describeClosed, describeLinks, describeWaiting } from "../describe-peers.ts";
import type { ClosedView, KnownPeerView } from "../../api/peer-views.ts";
import { asVerb, jsonLine, type Registry } from "../verb.ts";

const exitOfHealth: Readonly<Record<HealthView["status"], ExitCode>> = { ok: 0, degraded: 1, critical: 2 };

export function addStatus(registry: Registry): void {
  const command = registry.program
    .command("status")
    .description("What this node holds and how it stands with the network");
  asVerb(command, registry, async ({ target, json, print }) => {
    const status = await askJson<StatusView>(target, { method: "GET", path: "/v1/status" });
    print(json ? jsonLine(status) : describeStatus(status));
  });
}

export function addInfo(registry: Registry): void {
  const command = registry.program
    .command("info")
    .description("Identity, network, addresses and versions of this node");
  asVerb(command, registry, async ({ target, json, print }) => {
    const info = await askJson<InfoView>(target, { method: "GET", path: "/v1/info" });
    print(json ? jsonLine(info) : describeInfo(info));
  });
}

export function addPeers(registry: Registry): void {
  const command = registry.program
    .command("peers")
    .description("All known peers with state, round trip, clock and last error")
    .option("--closed", "the links that ended last: when, by which side, why")
    .option("--links", "what each link costs: age, traffic, streams, bytes that wait; and what waits for lost peers")
    .addHelpText(
      "after",
      "\nExamples:\n  p2p-sync peers --closed\n  p2p-sync peers --links\n  p2p-sync peers --json | jq '.peers[] | {id, state, rttMs}'",
    );
  asVerb<{ readonly closed?: boolean; readonly links?: boolean }>(
    command,
    registry,
    async ({ target, json, print, shell, options }) => {
      if (options.closed === true) {
        const ended = await askJson<ClosedView>(target, { method: "GET", path: "/v1/peers/closed" });
        return print(json ? jsonLine(ended) : describeClosed(ended.closed, painter(shell)));
      }
      const view = await askJson<{ readonly peers: readonly KnownPeerView[] }>(target, {
        method: "GET",
        path: "/v1/peers",
      });
      if (options.links === true && !json)
        return print(
          describeLinks(
            view.peers.flatMap(({ links }) => links),
            Date.now(),
          ) + describeWaiting(view.peers),
        );
      return print(json ? jsonLine(view) : describePeers(view.peers, painter(shell)));
    },
  );
}

export function addWhy(registry: Registry): void {
  const command = registry.program
    .command("why <PEER|ADDRESS>")
    .description("Why a peer is or is not connected, and what happens next; exit code 1 while it is not")
    .addHelpText("after", "\nExamples:\n  p2p-sync why 12D3KooWAFHa\n  p2p-sync why /ip4/192.168.1.5/tcp/4001 --json");
  asVerb(command, registry, async ({ target, json, print }, asked = "") => {
    const query = new URLSearchParams({ target: asked });
    const view = await askJson<ExplanationView>(target, { method: "GET", path: `/v1/why?${query.toString()}` });
    print(json ? jsonLine(view) : describeExplanation(view));
    return view.cause === "connected" || view.cause === "self" ? 0 : 1;
  });
}

export function addHealth(registry: Registry): void {
  const command = registry.program
    .command("health")
    .description("Whether this node is fit for work: exit code 0 ok, 1 degraded, 2 critical, 3 no node");
  asVerb(command, registry, async ({ target, json, print, shell }) => {
    const { body } = await ask(target, { method: "GET", path: "/health", expected: [503] });
    const health = JSON.parse(body.toString("utf8")) as HealthView;
    print(json ? jsonLine(health) : describeHealth(health, painter(shell)));
    return exitOfHealth[health.status] ?? 2;
  });
}

export function addNetcheck(registry: Registry): void {
  const command = registry.program
    .command("netcheck")
    .description(
      "What lies between this node and others: interfaces, NAT, reachability; exit code 1 where something is amiss",
    )
    .addHelpText("after", "\nExamples:\n  p2p-sync netcheck\n  p2p-sync netcheck --json | jq .reach");
  asVerb(command, registry, async ({ target, json, print, shell }) => {
    const view = await askJson<NetCheckView>(target, { method: "GET", path: "/v1/netcheck" });
    print(json ? jsonLine(view) : describeNetcheck(view, painter(shell)));
    return view.status === "ok" ? 0 : 1;
  });
}
