/**
 * A TypeScript file as the rules see it: its text, its syntax tree, and the imports found in it.
 * The tree is ESTree with types, as oxc-parser makes it.
 */
import { parseSync, type Comment } from "oxc-parser";

export interface Import {
  /** As written: `../base/bytes.ts`, `node:fs`, `hono/cors`. */
  readonly specifier: string;
  /** True where nothing of the import is left at run time. */
  readonly typeOnly: boolean;
  readonly line: number;
}

/** A node of the tree; the rules look at few kinds, so the rest stays open. */
export interface TreeNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

export interface SourceFile {
  /** Relative to the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly program: TreeNode;
  readonly comments: readonly Comment[];
  readonly imports: readonly Import[];
  readonly isTest: boolean;
  lineOf(offset: number): number;
}

/** Throws where the text is not TypeScript: then no rule can be checked. */
export function readSourceFile(path: string, text: string): SourceFile {
  const { program, comments, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message ?? "cannot be parsed"}`);
  const tree = program as unknown as TreeNode;
  const lineOf = lineFinder(text);
  return { path, text, program: tree, comments, imports: findImports(tree, lineOf), isTest: isTestPath(path), lineOf };
}

export function isTestPath(path: string): boolean {
  return path.endsWith(".test.ts");
}

/** Calls back for every node, parents before children. */
export function visit(node: TreeNode, see: (node: TreeNode) => void): void {
  see(node);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isTreeNode(child)) visit(child, see);
    }
  }
}

export function isTreeNode(value: unknown): value is TreeNode {
  return typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";
}

/** The text of a string literal, or undefined for any other node. */
export function literalText(node: unknown): string | undefined {
  return isTreeNode(node) && node.type === "Literal" && typeof node["value"] === "string" ? node["value"] : undefined;
}

function lineFinder(text: string): (offset: number) => number {
  const starts = [0];
  for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) starts.push(i + 1);
  return (offset) => {
    const next = starts.findIndex((start) => start > offset);
    return next < 0 ? starts.length : next;
  };
}

function findImports(program: TreeNode, lineOf: (offset: number) => number): Import[] {
  const imports: Import[] = [];
  visit(program, (node) => {
    for (const { specifier, typeOnly } of importsOfNode(node)) {
      imports.push({ specifier, typeOnly, line: lineOf(node.start) });
    }
  });
  return imports;
}

function importsOfNode(node: TreeNode): readonly { specifier: string; typeOnly: boolean }[] {
  switch (node.type) {
    case "ImportDeclaration":
      return named(node["source"], node["importKind"] === "type");
    case "ExportNamedDeclaration":
    case "ExportAllDeclaration":
      return named(node["source"], node["exportKind"] === "type");
    case "ImportExpression":
      return named(node["source"], false);
    case "TSImportType":
      return named(node["source"], true);
    case "NewExpression":
      return workerFiles(node);
    default:
      return [];
  }
}

function named(source: unknown, typeOnly: boolean): readonly { specifier: string; typeOnly: boolean }[] {
  const specifier = literalText(source);
  return specifier === undefined ? [] : [{ specifier, typeOnly }];
}

/** `new URL("./x.ts", import.meta.url)` starts a worker from that file: an import by another name. */
function workerFiles(node: TreeNode): readonly { specifier: string; typeOnly: boolean }[] {
  const callee = node["callee"];
  if (!isTreeNode(callee) || callee["name"] !== "URL") return [];
  const files: { specifier: string; typeOnly: boolean }[] = [];
  visit(node, (child) => {
    const text = literalText(child);
    if (text !== undefined && /^\.\.?\/.*\.ts$/.test(text)) files.push({ specifier: text, typeOnly: false });
  });
  return files;
}
