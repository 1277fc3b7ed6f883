/**
 * `stale`: what this node knows of old entries, and what becomes of those that were set aside.
 */
import type { DroppedView, ReissuedView, StaleView } from "../../api/stale-views.ts";
import { Fault } from "../../base/fault.ts";
import { describeStale, entriesOf, isInOrder } from "../describe-stale.ts";
import type { ExitCode } from "../failure.ts";
import { askJson } from "../http-client.ts";
import type { Target } from "../target.ts";
import { painter, printable } from "../text.ts";
import { asVerb, jsonLine, type Registry, type VerbContext } from "../verb.ts";

interface StaleFlags {
  readonly prefix?: string;
  readonly limit?: string;
  readonly reissue?: readonly string[];
  readonly reissueAll?: boolean;
  readonly drop?: readonly string[];
}

/** Source: the API's bound on a page. */
const pageEntriesMax = 1_000;
/** Entries shown without `--limit`. Guess: a few screens. */
const shownDefault = 100;
/** Keys of one request. Source: the API's bound. */
const keysPerRequest = 100;

export function addStale(registry: Registry): void {
  const command = registry.program
    .command("stale")
    .description(
      "Old entries: whether this node was away too long, from whom it is apart, what it set aside; exit code 1 if any of these",
    )
    .option("--prefix <P>", "only entries whose keys begin so")
    .option("--limit <N>", `show so many of those set aside (default ${shownDefault})`)
    .option("--reissue <KEYS...>", "write these again, with their old values, stamped now")
    .option("--reissue-all", "write all of them again whose keys nobody wrote or deleted since (with --prefix: those)")
    .option("--drop <KEYS...>", "forget what was set aside under these keys")
    .addHelpText(
      "after",
      "\nExamples:\n  p2p-sync stale\n  p2p-sync stale --reissue config/theme config/font\n  p2p-sync stale --reissue-all --prefix photos/\n  p2p-sync stale --drop config/theme",
    );
  asVerb<StaleFlags>(command, registry, async (context) => {
    const { reissue, reissueAll, drop, prefix = "" } = context.options;
    if ([reissue, reissueAll, drop].filter((each) => each !== undefined).length > 1)
      throw new Fault("invalid_argument", "One of --reissue, --reissue-all and --drop goes at a time.");
    if (reissue !== undefined) return await decide(context, "reissue", reissue);
    if (drop !== undefined) return await decide(context, "drop", drop);
    if (reissueAll === true) return await decide(context, "reissue", await untouched(context.target, prefix));
    return await show(context, prefix);
  });
}

async function show(
  { target, json, print, shell, options }: VerbContext<StaleFlags>,
  prefix: string,
): Promise<ExitCode> {
  const view = await staleOf(target, prefix, limitOf(options.limit));
  print(json ? jsonLine(view) : describeStale(view, Date.now(), painter(shell)));
  return isInOrder(view) ? 0 : 1;
}

/** One view with as many entries as wanted, page by page. */
async function staleOf(target: Target, prefix: string, limit: number): Promise<StaleView> {
  const page = (after: number | null, size: number): Promise<StaleView> => {
    const query = new URLSearchParams({ prefix, limit: String(size), ...(after !== null && { after: String(after) }) });
    return askJson<StaleView>(target, { method: "GET", path: `/v1/stale?${query}` });
  };
  let view = await page(null, Math.min(limit, pageEntriesMax));
  while (view.next !== null && view.entries.length < limit) {
    const { entries, next } = await page(view.next, Math.min(limit - view.entries.length, pageEntriesMax));
    view = { ...view, entries: [...view.entries, ...entries], next };
  }
  return view;
}

/** Keys set aside that have a value, and that nobody touched since. */
async function untouched(target: Target, prefix: string): Promise<readonly string[]> {
  const { entries } = await staleOf(target, prefix, Number.MAX_SAFE_INTEGER);
  return entries.flatMap(({ key, sizeBytes, since }) => (sizeBytes === null || since !== null ? [] : [key]));
}

const words = {
  reissue: { done: "written again", undone: "no value is set aside under" },
  drop: { done: "forgotten", undone: "nothing is set aside under" },
} as const;

async function decide(
  { target, json, print, shell }: VerbContext<StaleFlags>,
  what: "reissue" | "drop",
  keys: readonly string[],
): Promise<ExitCode> {
  const unknown: string[] = [];
  let done = 0;
  for (let from = 0; from < keys.length; from += keysPerRequest) {
    const some = keys.slice(from, from + keysPerRequest);
    const body = Buffer.from(JSON.stringify({ keys: some }));
    const answer = await askJson<ReissuedView | DroppedView>(target, {
      method: "POST",
      path: `/v1/stale/${what}`,
      body,
    });
    done += "reissued" in answer ? answer.reissued : answer.dropped;
    unknown.push(...answer.unknown);
    if (keys.length > keysPerRequest) shell.stderr.write(`${from + some.length} of ${keys.length}\n`);
  }
  const names = unknown.map(printable).join(", ");
  if (json) print(jsonLine({ [what === "reissue" ? "reissued" : "dropped"]: done, unknown }));
  else print(`${entriesOf(done)} ${words[what].done}\n${names === "" ? "" : `${words[what].undone}: ${names}\n`}`);
  return unknown.length === 0 ? 0 : 4;
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return shownDefault;
  if (!/^[1-9][0-9]{0,14}$/.test(text))
    throw new Fault("invalid_argument", `--limit must be a whole number from 1 up, not ${JSON.stringify(text)}.`, {
      field: "limit",
    });
  return Number(text);
}
