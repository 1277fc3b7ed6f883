/**
 * `watch`: changes as they come, across interruptions of the connection, until it is stopped.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { ChangeView } from "../../api/views.ts";
import { Fault } from "../../base/fault.ts";
import { askStream } from "../http-client.ts";
import { readEvents } from "../server-sent-events.ts";
import { preview, printable } from "../text.ts";
import { asVerb, jsonLine, type Registry, type VerbContext } from "../verb.ts";

/** How often a broken connection is tried again, and how long apart. Guess: a restart takes 2 s. */
const triesMax = 5;
const pauseMs = 1_000;

export function addWatch(registry: Registry): void {
  const command = registry.program
    .command("watch [PREFIX]")
    .description("Print changes as they come; --json prints one object per line")
    .addHelpText("after", "\nExample:\n  p2p-sync watch sensors/ --json | jq .key");
  asVerb(command, registry, async (context, prefix = "") => {
    const path = prefix === "" ? "/v1/watch" : `/v1/watch?${new URLSearchParams({ prefix })}`;
    let lastId: string | undefined;
    for (let failures = 0; failures <= triesMax; failures++) {
      const reached = await follow(context, path, lastId);
      if (reached === undefined) break; // without an id to go on from, changes could be missed
      if (reached !== lastId) failures = 0;
      lastId = reached;
      await sleep(pauseMs);
    }
    throw new Fault("no_node", `The node at ${context.target.url} has stopped.`, { url: context.target.url });
  });
}

/** Shows changes until the connection ends; the id of the last one. Throws where there was no connection to begin with. */
async function follow(
  context: VerbContext<object>,
  path: string,
  from: string | undefined,
): Promise<string | undefined> {
  let lastId = from;
  const headers = from === undefined ? {} : { "last-event-id": from };
  try {
    for await (const event of readEvents(askStream(context.target, { method: "GET", path, headers }))) {
      if (event.type === "fault") throw faultIn(event.data);
      show(context, JSON.parse(event.data) as ChangeView);
      lastId = event.id;
    }
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "no_node" || lastId === undefined) throw error;
  }
  return lastId;
}

function show({ json, print }: VerbContext<object>, change: ChangeView): void {
  if (json) print(jsonLine(change));
  else if (change.type === "delete") print(`delete ${printable(change.key)}\n`);
  else print(`put ${printable(change.key)} ${preview(change.value ?? "", change.encoding ?? "utf8")}\n`);
}

function faultIn(data: string): Fault {
  const { code, message, details } = JSON.parse(data) as {
    code: string;
    message: string;
    details: Record<string, unknown>;
  };
  return new Fault(code, message, details);
}
