/**
 * Holds docs/CHECKLIST.md to what it says: every id has one row, and a row that claims something
 * names where it is done and a proof that exists and passed. It reads the report of the last
 * `npm test`; it runs nothing itself. `npm run checklist` prints every problem and exits 1 where
 * there is one.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** Every id, by its letter: P1 to P34 and so on. */
const idCounts: Readonly<Record<string, number>> = { P: 34, W: 30, S: 23, T: 26 };

export interface TestResult {
  /** Relative to the repository, with forward slashes. */
  readonly path: string;
  /** Groups and title, joined by " > ". */
  readonly title: string;
  readonly status: string;
}

export interface Evidence {
  /** Undefined where no report of a test run was found. */
  readonly tests: readonly TestResult[] | undefined;
  /** package.json `scripts`. */
  readonly scripts: Readonly<Record<string, string>>;
  exists(path: string): boolean;
}

export interface Row {
  readonly id: string;
  readonly where: string;
  readonly proof: string;
  readonly state: string;
}

/** Everything wrong with a checklist, one sentence each. */
export function checkChecklist(markdown: string, evidence: Evidence): string[] {
  const rows = readRows(markdown);
  return [
    ...checkIds(rows),
    ...rows.flatMap((row) => checkRow(row, evidence).map((problem) => `${row.id}: ${problem}`)),
  ];
}

export function readRows(markdown: string): Row[] {
  const rows: Row[] = [];
  for (const line of markdown.split("\n")) {
    const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
    const [, id = "", , where = "", proof = "", state = ""] = cells;
    if (/^[A-Z][0-9]+$/.test(id)) rows.push({ id, where, proof, state });
  }
  return rows;
}

function checkIds(rows: readonly Row[]): string[] {
  const expected = Object.entries(idCounts).flatMap(([letter, count]) =>
    Array.from({ length: count }, (_, index) => `${letter}${index + 1}`),
  );
  const found = rows.map((row) => row.id);
  return [
    ...expected
      .filter((id) => !found.includes(id))
      .map((id) => `${id}: has no row. Add one; its state may be \`not yet\`.`),
    ...found.filter((id, index) => found.indexOf(id) !== index).map((id) => `${id}: has two rows. Make them one.`),
    ...found.filter((id) => !expected.includes(id)).map((id) => `${id}: is no id of this project.`),
  ];
}

function checkRow(row: Row, evidence: Evidence): string[] {
  if (row.state === "not yet") return [];
  if (row.state !== "works" && !/^partly: \S.{4,}/.test(row.state)) {
    return [`its state "${row.state}" is none of \`works\`, \`partly: what is missing\`, \`not yet\`.`];
  }
  const problems: string[] = [];
  const places = quoted(row.where);
  if (places.length === 0) problems.push("claims something, but names no file or folder in backquotes.");
  for (const place of places) if (!evidence.exists(place)) problems.push(`${place} does not exist.`);
  const proofs = quoted(row.proof);
  if (proofs.length === 0) problems.push("claims something, but names no proof in backquotes.");
  for (const proof of proofs) problems.push(...checkProof(proof, evidence));
  return problems;
}

function quoted(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => (match[1] ?? "").trim());
}

function checkProof(proof: string, evidence: Evidence): string[] {
  const command = /^npm run ([a-z0-9:-]+)/.exec(proof)?.[1];
  if (command !== undefined) return checkCommand(command, evidence);
  const test = /^(\S+\.test\.ts) > (.+)$/.exec(proof);
  if (test !== null) return checkTest(test[1] ?? "", test[2] ?? "", evidence);
  return [`"${proof}" is neither \`path/to/file.test.ts > part of its title\` nor \`npm run command\`.`];
}

function checkCommand(name: string, evidence: Evidence): string[] {
  const script = evidence.scripts[name];
  if (script === undefined) return [`package.json has no script "${name}".`];
  const file = /^node (\S+\.ts)/.exec(script)?.[1];
  return file === undefined || evidence.exists(file) ? [] : [`npm run ${name} starts ${file}, which does not exist.`];
}

function checkTest(path: string, title: string, evidence: Evidence): string[] {
  if (evidence.tests === undefined) return ["names a test, but there is no report of a test run. Run npm test first."];
  if (!evidence.exists(path)) return [`${path} does not exist.`];
  const ofFile = evidence.tests.filter((test) => test.path === path);
  if (ofFile.length === 0) return [`${path} was not part of the last test run. Run the whole of npm test.`];
  const named = ofFile.filter((test) => test.title.includes(title));
  if (named.length === 0) return [`${path} has no test with "${title}" in its title.`];
  return named
    .filter((test) => test.status !== "passed")
    .map((test) => `${path} > ${test.title}: ${test.status} in the last run.`);
}

/** The results in vitest's JSON report. */
export function readReport(json: string, root: string): TestResult[] {
  const report = JSON.parse(json) as {
    testResults: { name: string; assertionResults: { ancestorTitles: string[]; title: string; status: string }[] }[];
  };
  return report.testResults.flatMap((file) =>
    file.assertionResults.map((result) => ({
      path: relative(root, file.name).replaceAll("\\", "/"),
      title: [...result.ancestorTitles, result.title].join(" > "),
      status: result.status,
    })),
  );
}

function countStates(rows: readonly Row[]): string {
  const states = rows.map((row) => row.state.split(":")[0]);
  return ["works", "partly", "not yet"]
    .map((state) => `${states.filter((each) => each === state).length} ${state}`)
    .join(", ");
}

if (import.meta.main) {
  const root = join(import.meta.dirname, "..");
  const report = join(root, ".cache/test-report.json");
  const markdown = readFileSync(join(root, "docs/CHECKLIST.md"), "utf8");
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const problems = checkChecklist(markdown, {
    tests: existsSync(report) ? readReport(readFileSync(report, "utf8"), root) : undefined,
    scripts,
    exists: (path) => existsSync(join(root, path)),
  });
  for (const problem of problems) console.error(`docs/CHECKLIST.md: ${problem}`);
  console.log(`${countStates(readRows(markdown))}; ${problems.length} problems`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
