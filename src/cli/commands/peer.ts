/**
 * `peer dial|disconnect|ban|allow|unban|rules|forget`: orders about single peers.
 */
import type { Command } from "commander";
import type { RulesView } from "../../api/peer-views.ts";
import { describeRules } from "../describe-peers.ts";
import { askJson } from "../http-client.ts";
import type { Target } from "../target.ts";
import { painter, printable } from "../text.ts";
import { secondsOf } from "../seconds-flag.ts";
import { asVerb, jsonLine, type Registry } from "../verb.ts";

interface RuleFlags {
  readonly for?: string;
  readonly reason?: string;
}

export function addPeer(registry: Registry): void {
  const group = registry.program.command("peer").description("Orders about single peers");
  addDial(group, registry);
  addRule(group, registry, "ban", "Neither dial nor let in a peer, an address or a range; its links are closed");
  addRule(group, registry, "allow", "Let it in whatever wider rules say, and never ban it automatically");
  addUnban(group, registry);
  addRules(group, registry);
  addOrder(group, registry, "disconnect", "peer", "Close the links of a peer; it is asked to stay away for a minute");
  addOrder(group, registry, "forget", "target", "Do not dial a peer, or an address, any more");
}

function addDial(group: Command, registry: Registry): void {
  const command = group
    .command("dial <ADDRESS|PEER>")
    .description("Connect to an address and keep it as a candidate, or find a peer by its id")
    .addHelpText(
      "after",
      "\nExamples:\n  p2p-sync peer dial /ip4/192.168.1.5/tcp/4001\n  p2p-sync peer dial 12D3KooWAFHaTbS5NVxwbZGCAC1VbhiXmZHMGnj3zPgPbPP5NTXY",
    );
  asVerb(command, registry, async ({ target, json, print }, asked = "") => {
    const address = /^[1-9A-HJ-NP-Za-km-z]+$/.test(asked) ? `/p2p/${asked}` : asked;
    const answer = await post<{ readonly address: string }>(target, "/v1/peers/dial", { address });
    const [what, where] = address.startsWith("/p2p/")
      ? ["looking for", `why ${printable(address.slice("/p2p/".length))}`]
      : ["dialing", "peers"];
    print(json ? jsonLine(answer) : `${what} ${printable(answer.address)}; p2p-sync ${where} shows how it goes\n`);
  });
}

function addRule(group: Command, registry: Registry, kind: "ban" | "allow", description: string): void {
  const command = group
    .command(`${kind} <PEER|ADDRESS|RANGE>`)
    .description(description)
    .option("--for <TIME>", "how long: 90s, 30m, 12h or 7d; for good where it is left out")
    .option("--reason <TEXT>", kind === "ban" ? "kept, and told to the peer" : "kept")
    .addHelpText(
      "after",
      `\nExamples:\n  p2p-sync peer ${kind} 12D3KooWAFHa --for 1h\n  p2p-sync peer ${kind} 203.0.113.0/24 --reason "the lab"`,
    );
  asVerb<RuleFlags>(command, registry, async ({ target, json, print, options }, about = "") => {
    const seconds = options.for === undefined ? undefined : secondsOf(options.for, "--for");
    const { reason } = options;
    const body = {
      kind,
      target: about,
      ...(seconds !== undefined && { seconds }),
      ...(reason !== undefined && { reason }),
    };
    const answer = await post<{ readonly target: string }>(target, "/v1/peer-rules", body);
    const howLong = options.for === undefined ? "until p2p-sync peer unban" : `for ${options.for}`;
    print(json ? jsonLine(answer) : `${kind === "ban" ? "banned" : "allowed"} ${answer.target} ${howLong}\n`);
  });
}

function addUnban(group: Command, registry: Registry): void {
  const command = group.command("unban <PEER|ADDRESS|RANGE>").description("Take a ban or an exemption back");
  asVerb(command, registry, async ({ target, json, print }, about = "") => {
    const query = new URLSearchParams({ target: about });
    const answer = await askJson<{ readonly target: string }>(target, {
      method: "DELETE",
      path: `/v1/peer-rules?${query.toString()}`,
    });
    print(json ? jsonLine(answer) : `no rule stands about ${answer.target} any more\n`);
  });
}

function addRules(group: Command, registry: Registry): void {
  const command = group.command("rules").alias("bans").description("Who is banned and who is exempt, and until when");
  asVerb(command, registry, async ({ target, json, print, shell }) => {
    const view = await askJson<RulesView>(target, { method: "GET", path: "/v1/peer-rules" });
    print(json ? jsonLine(view) : describeRules(view.rules, Date.now(), painter(shell)));
  });
}

function addOrder(
  group: Command,
  registry: Registry,
  verb: "disconnect" | "forget",
  field: "peer" | "target",
  description: string,
): void {
  const command = group.command(`${verb} <${field === "peer" ? "PEER" : "PEER|ADDRESS"}>`).description(description);
  asVerb(command, registry, async ({ target, json, print }, about = "") => {
    const answer = await post<Readonly<Record<string, string>>>(target, `/v1/peers/${verb}`, { [field]: about });
    const done = verb === "forget" ? "no address is dialed any more of" : "closing the links of";
    print(json ? jsonLine(answer) : `${done} ${printable(answer[field] ?? about)}\n`);
  });
}

async function post<T>(target: Target, path: string, body: unknown): Promise<T> {
  return await askJson<T>(target, { method: "POST", path, body: Buffer.from(JSON.stringify(body)) });
}
