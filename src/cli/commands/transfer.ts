/**
 * `export` and `import`: all keys under a prefix to a file and back, as JSON lines or CSV, page by
 * page and batch by batch, so that memory stays small however many there are.
 */
import { createReadStream, createWriteStream, renameSync, statSync } from "node:fs";
import { once } from "node:events";
import type { Writable } from "node:stream";
import type { PageView, StatusView } from "../../api/views.ts";
import { Fault } from "../../base/fault.ts";
import { askJson } from "../http-client.ts";
import { createProgress } from "../progress.ts";
import { csvHeader, csvLineOf, readCsv } from "../transfer/csv.ts";
import { type ImportCounts, runImport } from "../transfer/import-run.ts";
import { jsonLineOf, readJsonLines } from "../transfer/jsonl.ts";
import { type Format, type TransferRecord, formatOf } from "../transfer/record.ts";
import type { ExitCode } from "../failure.ts";
import { asVerb, jsonLine, type Registry, type VerbContext } from "../verb.ts";

interface ExportFlags {
  readonly format?: string;
  readonly output?: string;
}

interface ImportFlags {
  readonly format?: string;
  readonly prefix?: string;
  readonly dryRun?: boolean;
  readonly onError?: string;
  readonly fromLine?: string;
}

/** Source: the API's bound on a page. */
const pageEntriesMax = 1_000;
/** Guess: a full batch takes 50 ms; a busy disk may hold it up for long. */
const batchWaitMs = 60_000;
/** Bad lines told one by one; of the rest there is only the number. */
const problemsShownMax = 20;

export function addExport(registry: Registry): void {
  const command = registry.program
    .command("export [PREFIX]")
    .description("Write keys and values to a file or standard output, in key order")
    .option("--format <FORMAT>", "jsonl (default) or csv (default for a name that ends with .csv)")
    .option("--output <FILE>", "the file; it appears when it is complete (default: standard output)")
    .addHelpText(
      "after",
      "\nWhat is written meanwhile may be in it or not. Values that are no text are in base64.\n\nExamples:\n  p2p-sync export --output all.jsonl\n  p2p-sync export config/ --format csv > config.csv",
    );
  asVerb<ExportFlags>(command, registry, async (context, prefix = "") => {
    const { output = "-" } = context.options;
    const format = formatOf(context.options.format, output);
    if (output === "-") return void (await exportTo(context, context.shell.stdout, format, prefix));
    const part = `${output}.part`;
    const file = createWriteStream(part);
    await once(file, "open").catch((error: unknown) => Promise.reject(unusable(output, error)));
    const count = await exportTo(context, file, format, prefix);
    file.end();
    await once(file, "close");
    renameSync(part, output);
    context.print(context.json ? jsonLine({ exported: count, output }) : `${count} keys exported to ${output}\n`);
  });
}

async function exportTo(
  context: VerbContext<ExportFlags>,
  out: Writable,
  format: Format,
  prefix: string,
): Promise<number> {
  const lineOf = format === "csv" ? csvLineOf : jsonLineOf;
  const total = prefix === "" ? (await askJson<StatusView>(context.target, statusRequest)).entries : undefined;
  const progress = createProgress(context.shell, "keys exported");
  let count = 0;
  if (format === "csv") out.write(csvHeader);
  for await (const { entries } of pages(context, prefix)) {
    const text = entries.map((entry) => lineOf(recordOf(entry))).join("");
    if (text !== "" && !out.write(text)) await once(out, "drain");
    count += entries.length;
    progress.show(count, total === undefined ? undefined : Math.min(1, count / Math.max(1, total)));
  }
  progress.end();
  return count;
}

const statusRequest = { method: "GET", path: "/v1/status" } as const;

/** The next page is asked for while the last one is written. */
async function* pages({ target }: VerbContext<ExportFlags>, prefix: string): AsyncGenerator<PageView> {
  const ask = (after: string): Promise<PageView> => {
    const query = new URLSearchParams({ prefix, after, limit: String(pageEntriesMax) });
    const asked = askJson<PageView>(target, { method: "GET", path: `/v1/kv?${query}` });
    asked.catch(() => undefined); // awaited by the next round
    return asked;
  };
  for (let asked: Promise<PageView> | undefined = ask(""); asked !== undefined;) {
    const page: PageView = await asked;
    asked = page.next === null ? undefined : ask(page.next);
    yield page;
  }
}

function recordOf({ key, value, encoding, expiresAt }: PageView["entries"][number]): TransferRecord {
  return { key, value, encoding, expiresAt: expiresAt ?? undefined };
}

export function addImport(registry: Registry): void {
  const command = registry.program
    .command("import <FILE>")
    .description("Write the keys and values of a file, as export makes it; - reads standard input")
    .option("--format <FORMAT>", "jsonl (default) or csv (default for a name that ends with .csv)")
    .option("--prefix <PREFIX>", "put this in front of every key")
    .option("--dry-run", "check every line and write nothing")
    .option("--on-error <WHAT>", "stop (default) at a bad line, or skip it; skipped lines are exit code 1")
    .option("--from-line <N>", "pass over the lines before this one, to go on after a failure")
    .addHelpText(
      "after",
      "\nExamples:\n  p2p-sync import all.jsonl\n  zcat all.csv.gz | p2p-sync import - --format csv --dry-run",
    );
  asVerb<ImportFlags>(command, registry, importFile);
}

async function importFile(context: VerbContext<ImportFlags>, file = ""): Promise<ExitCode> {
  const { options, shell, target, json, print } = context;
  const read = formatOf(options.format, file) === "csv" ? readCsv : readJsonLines;
  const totalBytes = file === "-" ? undefined : sizeOf(file);
  const chunks: AsyncIterable<Uint8Array> = file === "-" ? shell.stdin : createReadStream(file);
  const progress = createProgress(shell, "keys imported");
  let problems = 0;
  const counts = await runImport(read(chunks), {
    prefix: options.prefix ?? "",
    fromLine: lineOf(options.fromLine),
    skipsErrors: skipsErrors(options.onError),
    now: Date.now,
    send: async ({ body }) => {
      if (options.dryRun !== true)
        await askJson(target, { method: "POST", path: "/v1/batch", body, withinMs: batchWaitMs });
    },
    onProblem: (line, problem) => {
      if (++problems <= problemsShownMax) shell.stderr.write(`line ${line} passed over: ${problem}\n`);
    },
    onProgress: ({ imported }, offset) =>
      progress.show(imported, totalBytes === undefined ? undefined : offset / Math.max(1, totalBytes)),
  }).finally(() => progress.end());
  if (problems > problemsShownMax) shell.stderr.write(`… and ${problems - problemsShownMax} more\n`);
  const seconds = progress.seconds();
  print(json ? jsonLine({ ...counts, dryRun: options.dryRun === true, seconds }) : summary(counts, options, seconds));
  return counts.skipped > 0 ? 1 : 0;
}

function summary({ imported, expired, skipped }: ImportCounts, { dryRun }: ImportFlags, seconds: number): string {
  const rate = `in ${seconds.toFixed(1)} s, ${Math.round(imported / Math.max(seconds, 0.001))}/s`;
  const words = [`${imported} keys ${dryRun === true ? "checked, nothing written," : "imported"} ${rate}`];
  if (expired > 0) words.push(`${expired} had expired`);
  if (skipped > 0) words.push(`${skipped} lines passed over`);
  return `${words.join("; ")}\n`;
}

function skipsErrors(words = "stop"): boolean {
  if (words === "stop" || words === "skip") return words === "skip";
  throw new Fault("invalid_argument", `--on-error is stop or skip, not ${words}.`, { field: "on-error" });
}

function lineOf(words = "1"): number {
  if (/^[1-9][0-9]{0,14}$/.test(words)) return Number(words);
  throw new Fault("invalid_argument", `--from-line is a line number from 1 up, not ${words}.`, { field: "from-line" });
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch (error) {
    throw unusable(file, error);
  }
}

function unusable(file: string, error: unknown): Fault {
  return new Fault("invalid_argument", `${file} cannot be used: ${(error as Error).message}.`, { file }, error);
}
