/**
 * `watch`: changes as they come, until it is stopped. Where the connection breaks it goes on behind
 * the last change as soon as the node is there again, also at another address.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { ChangeView } from "../../api/views.ts";
import { Fault } from "../../base/fault.ts";
import { askStream } from "../http-client.ts";
import { readEvents } from "../server-sent-events.ts";
import { resolveTarget } from "../target.ts";
import { preview, printable } from "../text.ts";
import { asVerb, jsonLine, type Registry, type VerbContext } from "../verb.ts";

interface WatchFlags {
  readonly after?: string;
}

/** How often a broken connection is tried again, and how long apart. Guess: a machine restarts in a minute. */
const triesMax = 120;
const pauseMs = 500;

export function addWatch(registry: Registry): void {
  const command = registry.program
    .command("watch [PREFIX]")
    .description("Print changes as they come; --json prints one object per line")
    .option("--after <CURSOR>", "go on behind this cursor or position of a change, as --json shows them; 0 for all")
    .addHelpText(
      "after",
      "\nExamples:\n  p2p-sync watch sensors/ --json | jq .key\n  p2p-sync watch sensors/ --after 0 --json",
    );
  asVerb<WatchFlags>(command, registry, async (context, prefix = "") => {
    const path = prefix === "" ? "/v1/watch" : `/v1/watch?${new URLSearchParams({ prefix })}`;
    const place = { cursor: context.options.after };
    await follow(context, path, place); // throws where there is no node to begin with
    for (let tries = 1; tries <= triesMax; tries++) {
      if (tries === 1)
        context.shell.stderr.write("watch: the node has gone; going on behind the last change when it is back\n");
      await sleep(pauseMs);
      if (await isFollowed(context, path, place)) tries = 0;
    }
    throw new Fault("no_node", `The node at ${context.target.url} has stopped.`, { url: context.target.url });
  });
}

/** Whether a node was there. */
async function isFollowed(
  context: VerbContext<WatchFlags>,
  path: string,
  place: { cursor: string | undefined },
): Promise<boolean> {
  const before = place.cursor;
  try {
    await follow({ ...context, target: resolveTarget(context.shell, context.options) }, path, place);
    return true;
  } catch (error) {
    if (!(error instanceof Fault) || !passing.has(error.code)) throw error;
    return place.cursor !== before;
  }
}

/** Faults of a node that stops or starts, or of a stream that was read too slowly. */
const passing: ReadonlySet<string> = new Set(["no_node", "stopping", "slow_consumer", "overloaded"]);

/** Shows changes until the connection ends, and keeps the place to go on at. */
async function follow(
  context: VerbContext<WatchFlags>,
  path: string,
  place: { cursor: string | undefined },
): Promise<void> {
  const headers: Readonly<Record<string, string>> = place.cursor === undefined ? {} : { "last-event-id": place.cursor };
  let heard = false;
  const chunks = askStream(context.target, { method: "GET", path, headers });
  const events = readEvents(chunks, (id) => {
    heard = true;
    place.cursor = id;
  });
  try {
    for await (const event of events) {
      if (event.type === "fault") throw faultIn(event.data);
      show(context, JSON.parse(event.data) as ChangeView);
    }
  } catch (error) {
    if (!heard || !(error instanceof Fault) || !passing.has(error.code)) throw error;
  }
}

function show({ json, print }: VerbContext<WatchFlags>, change: ChangeView): void {
  if (json) print(jsonLine(change));
  else if (change.type !== "put") print(`${change.type} ${printable(change.key)}\n`);
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
