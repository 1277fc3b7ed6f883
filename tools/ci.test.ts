import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { countTests, steps } from "./ci.ts";

/** A project whose steps all pass, but for those a test replaces. */
let project: string;

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "p2p-sync-ci-"));
  mkdirSync(join(project, "tools"));
  for (const file of ["ci.ts", "checklist.ts"])
    copyFileSync(join(import.meta.dirname, file), join(project, "tools", file));
});

afterEach(() => rmSync(project, { recursive: true, force: true }));

function scriptNames(): string[] {
  return steps.map((step) => step.replace(/^run /, "").split(" ")[0] ?? "");
}

function runCi(replaced: Record<string, string>): { code: number | null; lines: string[] } {
  const passing = Object.fromEntries(scriptNames().map((name) => [name, "true"]));
  writeFileSync(
    join(project, "package.json"),
    JSON.stringify({ type: "module", scripts: { ...passing, ...replaced } }),
  );
  const { status, stdout } = spawnSync(process.execPath, [join(project, "tools/ci.ts")], { encoding: "utf8" });
  return { code: status, lines: stdout.trimEnd().split("\n") };
}

/** A step `test` that leaves vitest's report behind, with one result per status. */
function testStep(statuses: readonly string[]): string {
  const results = statuses.map((status) => ({ ancestorTitles: [], title: "a", status }));
  const report = { testResults: [{ name: join(project, "a.test.ts"), assertionResults: results }] };
  writeFileSync(join(project, "report.json"), JSON.stringify(report));
  return "mkdir -p .cache && cp report.json .cache/test-report.json";
}

test("runs all steps and ends with the counts", () => {
  const { code, lines } = runCi({ test: testStep(["passed", "passed", "skipped"]) });
  expect(code).toBe(0);
  expect(lines.filter((line) => /^=== npm .*: ok in/.test(line))).toHaveLength(steps.length);
  expect(lines.at(-1)).toBe("2 passed, 0 failed, 1 skipped");
});

test("stops at the first step that fails, with its exit code", () => {
  const { code, lines } = runCi({ test: testStep(["passed"]), lint: "exit 7", tidy: "exit 8" });
  expect(code).toBe(7);
  expect(lines).toContainEqual(expect.stringMatching(/^=== npm run lint: failed after .* with exit code 7$/));
  expect(lines.join("\n")).not.toContain("tidy");
  expect(lines.at(-1)).toBe("1 passed, 0 failed, 0 skipped");
});

test("a report of an earlier run does not vouch for this one", () => {
  mkdirSync(join(project, ".cache"));
  writeFileSync(join(project, ".cache/test-report.json"), '{"testResults":[]}');
  expect(runCi({}).lines.at(-1)).toBe("no test report");
});

test("the closing line counts everything that neither passed nor failed as skipped", () => {
  const statuses = ["passed", "passed", "failed", "skipped", "pending", "todo"];
  const results = statuses.map((status) => ({ path: "a.test.ts", title: "a", status }));
  expect(countTests(results)).toBe("2 passed, 1 failed, 3 skipped");
});

test("each step is a script of its own", () => {
  const manifest = readFileSync(join(import.meta.dirname, "../package.json"), "utf8");
  const { scripts } = JSON.parse(manifest) as { scripts: Record<string, string> };
  expect(scriptNames().filter((name) => scripts[name] === undefined)).toEqual([]);
});
