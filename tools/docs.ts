/**
 * Writes the reference pages that are made from code: docs/ERRORS.md, docs/CONFIG.md,
 * docs/LIMITS.md and, once there are metrics, docs/METRICS.md; and the protocol's test vectors.
 * `npm run docs` writes them; `npm run docs:check` writes nothing and exits 1 where a page is not what the code says now.
 */
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { renderReference } from "../src/config/render-config.ts";
import { doctorCauses } from "../src/node/doctor/causes.ts";
import { faultCodes, type FaultCode } from "../src/node/fault-codes.ts";
import { apiPage } from "./docs/api-page.ts";
import { limitsTable } from "./docs/limits-table.ts";
import { proofVectors } from "./docs/proof-vectors.ts";
import { walkVectors } from "./docs/walk-vectors.ts";

const root = join(import.meta.dirname, "..");

const metricsSource = "src/drivers/observe/metric-definitions.ts";

/** What a row of `metricDefinitions` in the metrics' source is. */
export interface MetricDefinition {
  readonly kind: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
}

const pages: Readonly<Record<string, () => Promise<string> | string>> = {
  "docs/ERRORS.md": () => errorsPage(faultCodes),
  "docs/API.md": libraryPage,
  "docs/CONFIG.md": configPage,
  "docs/DOCTOR.md": doctorPage,
  "docs/LIMITS.md": limitsPage,
  "docs/protocol/vectors/trie-proof.json": () => `${JSON.stringify(proofVectors(), undefined, 2)}\n`,
  "docs/protocol/vectors/walk.json": () => `${JSON.stringify(walkVectors(), undefined, 2)}\n`,
  ...(existsSync(join(root, metricsSource)) && { "docs/METRICS.md": loadMetricsPage }),
};

function head(title: string, source: string, intro: string): string {
  return `<!-- Made from ${source} by \`npm run docs\`. Do not edit. -->\n\n# ${title}\n\n${intro}\n\n`;
}

export function errorsPage(codes: Readonly<Record<string, FaultCode>>): string {
  const intro =
    "Every code that the library (`error.code`), the HTTP API (`code` in the body) and the command (on stderr) can answer with. Match on the code, never on the words of a message.";
  const rows = Object.entries(codes).map(
    ([code, { meaning, whatToDo, http, exit }]) =>
      `| \`${code}\` | ${cell(meaning)} | ${cell(whatToDo)} | ${http} | ${exit} |`,
  );
  const table = `| code | meaning | what to do | HTTP status | exit code |\n| --- | --- | --- | --- | --- |\n${rows.join("\n")}\n`;
  return head("Errors", "src/node/fault-codes.ts", intro) + table;
}

function libraryPage(): string {
  const intro =
    'What `import … from "p2p-sync"` gives: `createNode` and everything it leads to. Examples that run stand in `examples/`; the codes of faults in docs/ERRORS.md.';
  return head("Library", "src/index.ts", intro) + apiPage(join(root, "src/index.ts"));
}

function doctorPage(): string {
  const intro =
    "Every cause that `p2p-sync doctor` and `GET /v1/doctor` can name, by area. Critical: the node does not start, does not answer, or takes no writes. The exit code is 0 where nothing is wrong, 1 with warnings, 2 where something is critical.";
  const rows = Object.entries(doctorCauses).map(
    ([code, { area, severity, meaning, whatToDo }]) =>
      `| \`${code}\` | ${area} | ${severity} | ${cell(meaning)} | ${cell(whatToDo)} |`,
  );
  const table = `| code | area | severity | meaning | what to do |\n| --- | --- | --- | --- | --- |\n${rows.join("\n")}\n`;
  return head("Doctor", "src/node/doctor/causes.ts", intro) + table;
}

function configPage(): string {
  const intro =
    "One TOML file per node; every key has a default. A flag wins over the environment, that over the file, that over the default. An unknown key is an error that names its line.";
  return head("Configuration", "src/config/settings.ts", intro) + renderReference();
}

async function limitsPage(): Promise<string> {
  const intro =
    "Everything that another node, a client or a user could make grow has a bound. Names end with their unit; `Max` is refused beyond. A number is a decision, a measurement, taken from a source, or a guess, as its row says.";
  const paths = globSync("src/**/limits.ts", { cwd: root }).toSorted();
  const tables = await Promise.all(
    paths.map(async (path) => {
      const full = join(root, path);
      const values = (await import(pathToFileURL(full).href)) as Record<string, unknown>;
      return limitsTable(path, readFileSync(full, "utf8"), values);
    }),
  );
  return head("Limits", "the files named limits.ts", intro) + tables.join("\n");
}

async function loadMetricsPage(): Promise<string> {
  const source = (await import(pathToFileURL(join(root, metricsSource)).href)) as {
    readonly metricPrefix: string;
    readonly metricDefinitions: Readonly<Record<string, MetricDefinition>>;
  };
  return metricsPage(source.metricPrefix, source.metricDefinitions);
}

export function metricsPage(prefix: string, definitions: Readonly<Record<string, MetricDefinition>>): string {
  const intro = "What `GET /metrics` shows, in the text format of Prometheus.";
  const rows = Object.entries(definitions).map(([name, { kind, help, labels }]) => {
    const named = labels.map((label) => `\`${label}\``).join(", ");
    return `| \`${prefix}${name}\` | ${kind} | ${named} | ${cell(help)} |`;
  });
  const table = `| name | type | labels | meaning |\n| --- | --- | --- | --- |\n${rows.join("\n")}\n`;
  return head("Metrics", metricsSource, intro) + table;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

function readPage(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), "utf8");
  } catch {
    return undefined; // a page that is not there yet is as stale as one that is old
  }
}

async function main(checkOnly: boolean): Promise<void> {
  for (const [path, render] of Object.entries(pages)) {
    const page = await render();
    if (readPage(path) === page) continue;
    if (checkOnly) {
      console.error(`${path} is not what the code says now. Run npm run docs and commit the result.`);
      process.exitCode = 1;
    } else {
      writeFileSync(join(root, path), page);
      console.log(`wrote ${path}`);
    }
  }
  if (checkOnly && process.exitCode === undefined) console.log(`${Object.keys(pages).length} pages are fresh`);
}

if (import.meta.main) {
  await main(process.argv.includes("--check")).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
