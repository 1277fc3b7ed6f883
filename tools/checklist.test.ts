import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkChecklist, readReport, readRows, type Evidence } from "./checklist.ts";

const template = readFileSync(join(import.meta.dirname, "../docs/CHECKLIST.md"), "utf8")
  .split("\n")
  .filter((line) => !/^\| [A-Z][0-9]+ \|/.test(line))
  .join("\n");

const allIds = [
  ...Array.from({ length: 34 }, (_, index) => `P${index + 1}`),
  ...Array.from({ length: 30 }, (_, index) => `W${index + 1}`),
  ...Array.from({ length: 23 }, (_, index) => `S${index + 1}`),
  ...Array.from({ length: 26 }, (_, index) => `T${index + 1}`),
];

const evidence: Evidence = {
  tests: [
    { path: "src/a.test.ts", title: "links > says why it closes", status: "passed" },
    { path: "src/a.test.ts", title: "links > waits for hello", status: "skipped" },
    { path: "src/a.test.ts", title: "links > survives", status: "failed" },
  ],
  scripts: { demo: "node tools/demo.ts", sim: "node sim/main.ts", test: "vitest run" },
  exists: (path) => ["src/a.ts", "src/a.test.ts", "src/b.test.ts", "tools/demo.ts"].includes(path),
};

/** A whole checklist in which one id has a row of its own. */
function checklistWith(row: string, ids: readonly string[] = allIds): string {
  const id = row.split("|")[1]?.trim();
  const rows = ids.map((each) => (each === id ? row : `| ${each} | something | | | not yet |`));
  return [template, ...rows].join("\n");
}

function problemsOf(where: string, proof: string, state: string): string[] {
  return checkChecklist(checklistWith(`| P2 | dial | ${where} | ${proof} | ${state} |`), evidence);
}

const works = "`src/a.test.ts > says why it closes`";

test("a row with an existing place and a passed test works", () => {
  expect(problemsOf("`src/a.ts`", works, "works")).toEqual([]);
  expect(problemsOf("`src/a.ts`", `${works}, \`npm run demo -- --break sync\``, "partly: outbound only")).toEqual([]);
});

test("a row that is not yet done needs nothing", () => {
  expect(problemsOf("", "", "not yet")).toEqual([]);
});

test("every id has exactly one row", () => {
  expect(checkChecklist(checklistWith("", allIds.slice(1)), evidence)).toEqual([
    expect.stringContaining("P1: has no row"),
  ]);
  expect(checkChecklist(checklistWith("", [...allIds, "T26"]), evidence)).toEqual([
    expect.stringContaining("T26: has two rows"),
  ]);
  expect(checkChecklist(checklistWith("", [...allIds, "T27"]), evidence)).toEqual([
    expect.stringContaining("T27: is no id"),
  ]);
});

test.each([
  ["`src/a.ts`", "", "works", "names no proof"],
  ["`src/a.ts`", "seen by hand", "partly: inbound only", "names no proof"],
  ["", works, "works", "names no file"],
  ["`src/gone.ts`", works, "works", "src/gone.ts does not exist"],
  ["`src/a.ts`", "`src/gone.test.ts > says why`", "works", "src/gone.test.ts does not exist"],
  ["`src/a.ts`", "`src/b.test.ts > says why`", "works", "not part of the last test run"],
  ["`src/a.ts`", "`src/a.test.ts > never written`", "works", "no test with"],
  ["`src/a.ts`", "`src/a.test.ts > waits for hello`", "works", "skipped in the last run"],
  ["`src/a.ts`", "`src/a.test.ts > survives`", "works", "failed in the last run"],
  ["`src/a.ts`", "`src/a.test.ts > links`", "partly: inbound only", "skipped in the last run"],
  ["`src/a.ts`", "`npm run gone`", "works", 'no script "gone"'],
  ["`src/a.ts`", "`npm run sim -- --seconds 5`", "works", "sim/main.ts, which does not exist"],
  ["`src/a.ts`", "`make demo`", "works", "is neither"],
  ["`src/a.ts`", works, "done", "is none of"],
  ["`src/a.ts`", works, "partly:", "is none of"],
])("where %s, proof %s, state %s: %s", (where, proof, state, words) => {
  expect(problemsOf(where, proof, state)).toContainEqual(expect.stringContaining(words));
});

test("a claim that names a test needs a report", () => {
  const checklist = checklistWith(`| P2 | dial | \`src/a.ts\` | ${works} | works |`);
  expect(checkChecklist(checklist, { ...evidence, tests: undefined })).toEqual([
    expect.stringContaining("Run npm test first"),
  ]);
});

test("a bar in a title is written with a backslash", () => {
  expect(readRows("| P2 | a | b | `x.test.ts > a \\| b` | works |")).toEqual([
    { id: "P2", where: "b", proof: "`x.test.ts > a | b`", state: "works" },
  ]);
});

test("the report's paths become relative and its titles one line", () => {
  const report = {
    testResults: [
      { name: "/r/src/a.test.ts", assertionResults: [{ ancestorTitles: ["links"], title: "close", status: "passed" }] },
    ],
  };
  expect(readReport(JSON.stringify(report), "/r")).toEqual([
    { path: "src/a.test.ts", title: "links > close", status: "passed" },
  ]);
});

test("the project's own checklist has all ids", () => {
  const markdown = readFileSync(join(import.meta.dirname, "../docs/CHECKLIST.md"), "utf8");
  expect(readRows(markdown).map((row) => row.id)).toEqual(allIds);
});
