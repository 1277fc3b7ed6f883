/**
 * `get` and `list`.
 */
import type { ConflictsView, EntryView, PageView } from "../../api/views.ts";
import { Fault } from "../../base/fault.ts";
import { ask, askJson } from "../http-client.ts";
import { preview, printable, table } from "../text.ts";
import { type ProofFlags, getProven, refuseProofFlags } from "./proof.ts";
import { asVerb, jsonLine, type Registry, type VerbContext } from "../verb.ts";

interface ListFlags {
  readonly limit?: string;
}

/** Source: the API's bound on a page. */
const pageEntriesMax = 1_000;

export function addGet(registry: Registry): void {
  const command = registry.program
    .command("get <KEY>")
    .description("Print a value, byte for byte; exit code 4 where there is none")
    .option("--proof", "have the node prove it, and check that here: value, writer and stamp, or that it is not there")
    .option("--root <HEX>", "with --proof: the root the set must have, as another node's status shows it")
    .option("--out <FILE>", "with --proof: keep the proof, for verify")
    .addHelpText(
      "after",
      "\nExamples:\n  p2p-sync get colour\n  p2p-sync get motd > motd.txt\n  p2p-sync get colour --json\n  p2p-sync get colour --proof --out colour.proof",
    );
  asVerb<ProofFlags>(command, registry, async (context, key = "") => {
    const { target, json, print, shell, options } = context;
    if (options.proof === true) return await getProven(context, key);
    refuseProofFlags(options);
    const path = `/v1/kv/${encodeURIComponent(key)}`;
    if (json) {
      print(
        jsonLine(await askJson<EntryView>(target, { method: "GET", path, headers: { accept: "application/json" } })),
      );
      return 0;
    }
    const { body } = await ask(target, { method: "GET", path });
    shell.stdout.write(body);
    if (shell.stdout.isTTY === true) print("\n");
    return 0;
  });
}

export function addList(registry: Registry): void {
  const command = registry.program
    .command("list [PREFIX]")
    .description("Print keys and values in key order")
    .option("--limit <N>", "stop after so many")
    .addHelpText("after", "\nExamples:\n  p2p-sync list\n  p2p-sync list sensors/ --json");
  asVerb<ListFlags>(command, registry, async (context, prefix = "") => {
    const limit = limitOf(context.options.limit);
    await (context.json ? printJson(context, prefix, limit) : printTable(context, prefix, limit));
  });
}

export function addConflicts(registry: Registry): void {
  const command = registry.program
    .command("conflicts [PREFIX]")
    .description("Writes of the last 24 h that lost to one whose writer had not seen them")
    .addHelpText("after", "\nExample:\n  p2p-sync conflicts shared/ --json");
  asVerb(command, registry, async ({ target, json, print }, prefix = "") => {
    const query = new URLSearchParams({ prefix, limit: String(pageEntriesMax) });
    const view = await askJson<ConflictsView>(target, { method: "GET", path: `/v1/conflicts?${query.toString()}` });
    if (json) return void print(jsonLine(view));
    if (view.conflicts.length === 0) return void print("no conflicts in the last 24 h\n");
    const rows = view.conflicts.map(({ at, key, value, encoding, loser, winner }) => [
      at,
      printable(key),
      value === null ? "(delete)" : preview(value, encoding ?? "utf8"),
      loser.author,
      winner.author,
    ]);
    print(table(["AT", "KEY", "LOST VALUE", "LOSER", "WINNER"], rows));
  });
}

/** One JSON document, written page by page so that a large list needs no memory. */
async function printJson(context: VerbContext<ListFlags>, prefix: string, limit: number): Promise<void> {
  let before = '{"entries":[';
  for await (const entries of pages(context, prefix, limit)) {
    for (const entry of entries) {
      context.print(`${before}${JSON.stringify(entry)}`);
      before = ",\n";
    }
  }
  context.print(before === ",\n" ? "]}\n" : `${before}]}\n`);
}

async function printTable(context: VerbContext<ListFlags>, prefix: string, limit: number): Promise<void> {
  for await (const entries of pages(context, prefix, limit)) {
    if (entries.length > 0) context.print(entriesTable(entries));
  }
}

/** With a column for expiry where an entry of the page has one. */
function entriesTable(entries: readonly EntryView[]): string {
  const doExpire = entries.some(({ expiresAt }) => expiresAt !== null);
  const rows = entries.map(({ key, value, encoding, expiresAt }) => {
    const row = [printable(key), preview(value, encoding)];
    return doExpire ? [...row, expiresAt ?? "-"] : row;
  });
  return table(doExpire ? ["KEY", "VALUE", "EXPIRES"] : ["KEY", "VALUE"], rows);
}

async function* pages(
  { target, shell }: VerbContext<ListFlags>,
  prefix: string,
  limit: number,
): AsyncGenerator<readonly EntryView[]> {
  let after: string | null | undefined;
  for (let left = limit; left > 0 && after !== null;) {
    const query = new URLSearchParams({
      ...(prefix !== "" && { prefix }),
      ...(after !== undefined && { after }),
      limit: String(Math.min(left, pageEntriesMax)),
    });
    const page: PageView = await askJson<PageView>(target, { method: "GET", path: `/v1/kv?${query}` });
    yield page.entries;
    if (shell.stdout.writableNeedDrain) await new Promise((resolve) => shell.stdout.once("drain", resolve));
    left -= page.entries.length;
    after = page.next;
  }
}

function limitOf(words: string | undefined): number {
  if (words === undefined) return Number.MAX_SAFE_INTEGER;
  if (!/^[1-9][0-9]{0,14}$/.test(words))
    throw new Fault("invalid_argument", `--limit must be a whole number from 1 up, not ${JSON.stringify(words)}.`, {
      field: "limit",
    });
  return Number(words);
}
