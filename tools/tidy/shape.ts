/**
 * Rules on what a file looks like from outside: its name, its header, its length.
 * The two lengths are where a reader has to look again, not where code becomes wrong; a file that
 * is better long says why: `// tidy: long because <reason>`.
 */
import type { Problem } from "./problem.ts";
import { isTreeNode, visit, type SourceFile, type TreeNode } from "./source-file.ts";

/** Source: the code bases taken as models have functions of at most 16-72 lines at the 90th percentile. */
const functionLinesMax = 60;
/** Guess: a file that still can be read in one go. */
const fileLinesMax = 400;
const headerLinesMax = 30;

const vagueNames = ["utils", "util", "helpers", "helper", "common", "misc"];

export function checkName(path: string): Problem[] {
  const problems: Problem[] = [];
  const parts = path.split("/");
  for (const part of parts) {
    const stem = part.replace(/\..*$/, "");
    if (vagueNames.includes(stem)) {
      problems.push(
        fault("no-vague-names", `"${part}" says nothing about what is inside. Name it after the one thing it does.`),
      );
    }
  }
  const file = parts.at(-1) ?? "";
  if (file.endsWith(".ts") && !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*\.ts$/.test(file)) {
    problems.push(fault("kebab-case", `"${file}" is not kebab-case. Name it like round-keeper.ts.`));
  }
  return problems;

  function fault(rule: string, message: string): Problem {
    return { path, line: 0, rule, message };
  }
}

export function checkHeader(file: SourceFile): Problem[] {
  if (file.isTest) return [];
  const code = file.text.replace(/^#!.*\n/, "");
  const header = /^\/\*\*[^]*?\*\//.exec(code)?.[0];
  if (header === undefined) {
    return [
      headerFault(
        "The file does not begin with a header. Put /** what it is, the idea, its rules, its sources */ above everything else.",
      ),
    ];
  }
  if (!/[a-z]{2}/i.test(header)) return [headerFault("The header is empty. Say what the file is for.")];
  if (header.split("\n").length > headerLinesMax) {
    return [headerFault(`The header has over ${headerLinesMax} lines. Move the long part to docs/ and name it here.`)];
  }
  return [];

  function headerFault(message: string): Problem {
    return { path: file.path, line: 1, rule: "file-header", message };
  }
}

export function checkLength(file: SourceFile): Problem[] {
  const problems: Problem[] = [];
  const lines = file.text.replace(/\n$/, "").split("\n").length;
  if (lines > fileLinesMax) {
    problems.push(tooLong(1, `The file has ${lines} lines; over ${fileLinesMax} a reader loses the thread. Split it`));
  }
  if (!file.isTest) {
    for (const { name, line, length } of functionsOf(file)) {
      if (length > functionLinesMax) {
        problems.push(
          tooLong(line, `${name} has ${length} lines; over ${functionLinesMax} it does more than one thing. Split it`),
        );
      }
    }
  }
  return excuse(file, problems);

  function tooLong(line: number, message: string): Problem {
    return {
      path: file.path,
      line,
      rule: "length",
      message: `${message}, or say why not: // tidy: long because <reason>`,
    };
  }
}

/** A reason takes back all lengths of its file; one that is not needed has to go. */
function excuse(file: SourceFile, problems: readonly Problem[]): Problem[] {
  const mark = file.comments.find((comment) => comment.value.trim().startsWith("tidy: long because"));
  if (mark === undefined) return [...problems];
  const line = file.lineOf(mark.start);
  const reason = mark.value.trim().slice("tidy: long because".length).trim();
  if (reason.length < 10) {
    return [
      ...problems,
      { path: file.path, line, rule: "length", message: "Give the reason after `tidy: long because`, in words." },
    ];
  }
  if (problems.length > 0) return [];
  return [
    {
      path: file.path,
      line,
      rule: "length",
      message: "Nothing here is too long any more; remove the `tidy: long` line.",
    },
  ];
}

interface FunctionSpan {
  readonly name: string;
  readonly line: number;
  readonly length: number;
}

function functionsOf(file: SourceFile): FunctionSpan[] {
  const spans: FunctionSpan[] = [];
  visit(file.program, (node) => {
    for (const [name, body] of namedFunctions(node)) {
      const line = file.lineOf(body.start);
      spans.push({ name, line, length: file.lineOf(body.end) - line + 1 });
    }
  });
  return spans;
}

/** The functions directly under a node, with the name a reader would use. */
function namedFunctions(node: TreeNode): [string, TreeNode][] {
  const found: [string, TreeNode][] = [];
  for (const [field, value] of Object.entries(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isTreeNode(child) && isFunction(child)) found.push([nameOf(child, node, field), child]);
    }
  }
  return found;
}

function isFunction(node: TreeNode): boolean {
  return ["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"].includes(node.type);
}

function nameOf(body: TreeNode, parent: TreeNode, field: string): string {
  for (const candidate of [body["id"], parent["key"], field === "init" ? parent["id"] : undefined]) {
    if (isTreeNode(candidate) && typeof candidate["name"] === "string") return candidate["name"];
  }
  return "This function";
}
