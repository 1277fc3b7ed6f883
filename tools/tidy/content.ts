/**
 * Rules on what stands in the code: no promises in the pure rooms, no console outside the command,
 * no silenced checks or skipped tests without a reason.
 */
import type { Problem } from "./problem.ts";
import { roomOf } from "./rooms.ts";
import { isTreeNode, literalText, visit, type SourceFile, type TreeNode } from "./source-file.ts";

export function checkPureIsSynchronous(file: SourceFile): Problem[] {
  const room = roomOf(file.path);
  if (
    file.isTest ||
    !(room === "base" || room === "codec" || room === "crypto" || room === "core" || room.startsWith("core/"))
  )
    return [];
  return findNodes(file, isAsynchronous).map((node) => ({
    path: file.path,
    line: file.lineOf(node.start),
    rule: "pure-is-synchronous",
    message: `${room} has no promises. Emit an effect, and take the outcome in as an input.`,
  }));
}

export function checkConsole(file: SourceFile): Problem[] {
  if (file.isTest || !file.path.startsWith("src/") || file.path.startsWith("src/cli/")) return [];
  return findNodes(file, (node) => node.type === "MemberExpression" && nameOf(node["object"]) === "console").map(
    (node) => ({
      path: file.path,
      line: file.lineOf(node.start),
      rule: "no-console",
      message: "Only src/cli talks to the terminal. Emit a note, which the border maps to a log line.",
    }),
  );
}

export function checkSkippedTests(file: SourceFile): Problem[] {
  if (!file.isTest) return [];
  return findNodes(file, (node) => node.type === "CallExpression").flatMap((call) => {
    const message = refuseTestCall(file, call);
    return message === undefined
      ? []
      : [{ path: file.path, line: file.lineOf(call.start), rule: "no-skipped-tests", message }];
  });
}

/** Comments that switch a checker off must say why, where it can be read. */
export function checkSuppressions(file: SourceFile): Problem[] {
  return file.comments.flatMap((comment) => {
    const text = comment.value.trim();
    const message = refuseSuppression(text);
    return message === undefined
      ? []
      : [{ path: file.path, line: file.lineOf(comment.start), rule: "suppression-reason", message }];
  });
}

function refuseSuppression(comment: string): string | undefined {
  if (/^@ts-(ignore|nocheck)/.test(comment))
    return "Use @ts-expect-error with a reason: it complains when it is no longer needed.";
  if (comment.startsWith("@ts-expect-error") && comment.length < "@ts-expect-error".length + 10)
    return "Say after @ts-expect-error why the compiler is wrong here.";
  if (/^(oxlint|eslint)-disable/.test(comment) && !/ -- .{10}/.test(comment))
    return "Say why, as in: // oxlint-disable-next-line rule -- reason";
  return undefined;
}

const testFunctions = ["test", "it", "describe", "suite", "bench"];
/** What tests call the context they are given; a bare `skip` was taken out of it. */
const testContexts = ["ctx", "context", "t"];

function refuseTestCall(file: SourceFile, call: TreeNode): string | undefined {
  const chain = callChain(call);
  const root = chain[0] ?? "";
  const last = chain.at(-1) ?? "";
  if (testFunctions.includes(root)) {
    // In `test.each(rows)("…")` the inner call has been looked at; only the options are the outer one's.
    const isOuter = isTreeNode(call["callee"]) && call["callee"].type === "CallExpression";
    const modifiers = isOuter ? [] : chain;
    const word = modifiers.find((part) => part === "only" || part === "skip" || part === "todo") ?? optionOf(call);
    if (word !== undefined) return hiddenTest(word);
    const isProbe = modifiers.at(-1) === "skipIf" || modifiers.at(-1) === "runIf";
    return isProbe && !hasCommentAt(file, call) ? "Say in a comment above what is probed and why." : undefined;
  }
  if (last === "skip" && (chain.length === 1 || testContexts.includes(root))) {
    const parameters = call["arguments"] as readonly unknown[];
    if (!isReason(parameters.at(-1))) return `Say what is missing: ctx.skip(condition, "needs root: ...").`;
  }
  return undefined;
}

function hiddenTest(word: string): string {
  if (word === "only") return "`only` hides all other tests. Remove it.";
  return `\`${word}\` hides a test. Delete it, or probe what it needs and call ctx.skip(condition, "what is missing").`;
}

function isReason(node: unknown): boolean {
  if (!isTreeNode(node)) return false;
  return node.type === "TemplateLiteral" || (literalText(node) ?? "").length >= 10;
}

/** `describe.each(rows).skip("…")` → [describe, each, skip]. */
function callChain(node: unknown): string[] {
  if (!isTreeNode(node)) return [];
  if (node.type === "CallExpression") return callChain(node["callee"]);
  if (node.type === "MemberExpression") return [...callChain(node["object"]), nameOf(node["property"]) ?? ""];
  const name = nameOf(node);
  return name === undefined ? [] : [name];
}

/** `test("…", { skip: true }, …)` → skip. */
function optionOf(call: TreeNode): string | undefined {
  for (const argument of call["arguments"] as readonly unknown[]) {
    if (!isTreeNode(argument) || argument.type !== "ObjectExpression") continue;
    for (const property of argument["properties"] as readonly TreeNode[]) {
      const key = nameOf(property["key"]);
      if (key === "only" || key === "skip" || key === "todo") return key;
    }
  }
  return undefined;
}

function hasCommentAt(file: SourceFile, node: TreeNode): boolean {
  const line = file.lineOf(node.start);
  return file.comments.some((comment) => {
    const end = file.lineOf(comment.end);
    return (end === line || end === line - 1) && comment.value.trim().length >= 10;
  });
}

function isAsynchronous(node: TreeNode): boolean {
  return (
    node["async"] === true ||
    node.type === "AwaitExpression" ||
    (node.type === "Identifier" && node["name"] === "Promise")
  );
}

function findNodes(file: SourceFile, wanted: (node: TreeNode) => boolean): TreeNode[] {
  const found: TreeNode[] = [];
  visit(file.program, (node) => {
    if (wanted(node)) found.push(node);
  });
  return found;
}

function nameOf(node: unknown): string | undefined {
  return isTreeNode(node) && typeof node["name"] === "string" ? node["name"] : undefined;
}
