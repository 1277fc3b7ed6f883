/**
 * `peer dial`.
 */
import { askJson } from "../http-client.ts";
import { printable } from "../text.ts";
import { asVerb, jsonLine, type Registry } from "../verb.ts";

export function addPeer(registry: Registry): void {
  const group = registry.program.command("peer").description("Orders about single peers");
  const command = group
    .command("dial <ADDRESS>")
    .description("Connect to an address and keep it as a candidate")
    .addHelpText("after", "\nExample:\n  p2p-sync peer dial /ip4/192.168.1.5/tcp/4001");
  asVerb(command, registry, async ({ target, json, print }, address = "") => {
    const body = Buffer.from(JSON.stringify({ address }));
    const answer = await askJson<{ readonly address: string }>(target, {
      method: "POST",
      path: "/v1/peers/dial",
      body,
    });
    print(json ? jsonLine(answer) : `dialing ${printable(answer.address)}; p2p-sync peers shows how it goes\n`);
  });
}
