/**
 * `put` (also `add`) and `delete`: writes with the certainty that was asked for.
 */
import { Option, type Command } from "commander";
import type { ReceiptView } from "../../api/views.ts";
import { Fault } from "../../base/fault.ts";
import { askJson } from "../http-client.ts";
import { secondsOf } from "../seconds-flag.ts";
import { asVerb, jsonLine, type Registry, type VerbContext } from "../verb.ts";

interface DeleteFlags extends WriteFlags {
  readonly ifMatch?: string;
}

interface PutFlags extends DeleteFlags {
  readonly ttl?: string;
  readonly ifAbsent?: boolean;
}

interface WriteFlags {
  readonly certainty?: string;
  readonly copies?: string;
  readonly timeout?: string;
}

/** Source: the data model's bound on inline values. */
const valueBytesMax = 64 * 1024;
const sharedTimeoutSecondsDefault = 5;
const ifMatchText = "only where this node has this version, as get --json shows it, or * for any; else exit code 1";

export function addPut(registry: Registry): void {
  const command = addWriteFlags(registry.program.command("put <KEY> <VALUE>").alias("add"))
    .description("Write a value; - reads it from standard input, exactly as it comes")
    .option("--ttl <TIME>", "let the entry expire after so long: 90s, 30m, 12h or 7d")
    .option("--if-match <ETAG>", ifMatchText)
    .option("--if-absent", "only where this node has no value under the key; else exit code 1")
    .addHelpText(
      "after",
      "\nExamples:\n  p2p-sync put colour green\n  p2p-sync put motd - < motd.txt\n  p2p-sync put colour green --certainty shared --copies 2\n  p2p-sync put lock/build mine --if-absent --ttl 30s\n  p2p-sync put -- temperature -5C",
    );
  asVerb<PutFlags>(command, registry, async (context, key = "", value = "") => {
    const { ifAbsent, ifMatch } = context.options;
    if (ifAbsent === true && ifMatch !== undefined)
      throw new Fault("invalid_argument", "put takes --if-match or --if-absent, not both.", { field: "if-absent" });
    const body = value === "-" ? await readAll(context.shell.stdin) : Buffer.from(value, "utf8");
    await write(context, "PUT", key, body, ifAbsent === true ? { "if-none-match": "*" } : ifMatchHeader(ifMatch));
  });
}

export function addDelete(registry: Registry): void {
  const command = addWriteFlags(registry.program.command("delete <KEY>"))
    .description("Delete a key on all members")
    .option("--if-match <ETAG>", ifMatchText)
    .addHelpText("after", "\nExample:\n  p2p-sync delete colour");
  asVerb<DeleteFlags>(command, registry, (context, key = "") =>
    write(context, "DELETE", key, undefined, ifMatchHeader(context.options.ifMatch)),
  );
}

function addWriteFlags(command: Command): Command {
  return command
    .addOption(
      new Option("--certainty <LEVEL>", "local: durable on this node; shared: on other members too").choices([
        "local",
        "shared",
      ]),
    )
    .option("--copies <N>", "other members that must hold it, 1 to 50 (default 1; with shared)")
    .option(
      "--timeout <SECONDS>",
      `how long to wait for them, at most 600 (default ${sharedTimeoutSecondsDefault}; with shared)`,
    );
}

/** An etag as `get --json` shows it, or with the quotes of a header. */
function ifMatchHeader(etag: string | undefined): Readonly<Record<string, string>> {
  if (etag === undefined) return {};
  return { "if-match": etag === "*" || etag.startsWith('"') ? etag : `"${etag}"` };
}

async function write(
  context: VerbContext<PutFlags>,
  method: "PUT" | "DELETE",
  key: string,
  body: Uint8Array | undefined,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const { certainty, timeout } = context.options;
  const waitSeconds = certainty === "shared" ? Number(timeout ?? sharedTimeoutSecondsDefault) : 0;
  const path = `/v1/kv/${encodeURIComponent(key)}${queryOf(context.options)}`;
  const extraWaitMs = Number.isFinite(waitSeconds) ? Math.min(Math.max(waitSeconds, 0), 600) * 1_000 : 0;
  const receipt = await askJson<ReceiptView>(context.target, { method, path, headers, body, extraWaitMs });
  if (context.json) context.print(jsonLine(receipt));
  else if (context.shell.stdout.isTTY === true) context.print(`ok, ${certaintyText(receipt)}\n`);
}

function certaintyText({ certainty, holders }: ReceiptView): string {
  return certainty === "local"
    ? "durable on this node"
    : `durable here and on ${holders.length} other member${holders.length === 1 ? "" : "s"}`;
}

function queryOf({ certainty, copies, timeout, ttl }: PutFlags): string {
  const query = new URLSearchParams();
  const seconds = ttl === undefined ? undefined : String(secondsOf(ttl, "--ttl"));
  for (const [name, value] of Object.entries({ certainty, copies, timeout, ttl: seconds }))
    if (value !== undefined) query.set(name, value);
  return query.size === 0 ? "" : `?${query}`;
}

/** Stops reading where the value is too large anyway. */
async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > valueBytesMax)
      throw new Fault("value_too_large", `The value on standard input is over ${valueBytesMax} bytes.`, {
        bytesMax: valueBytesMax,
      });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
