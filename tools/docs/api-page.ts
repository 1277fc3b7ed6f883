/**
 * Makes the reference of the library from its source: every name that `src/index.ts` exports, with the comment that
 * stands above it and its declaration, bodies left out. Throws where an exported name has no comment: what nobody
 * explains is not documented.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isTreeNode, readSourceFile, type SourceFile, type TreeNode } from "../tidy/source-file.ts";

interface Exported {
  readonly name: string;
  readonly file: SourceFile;
  /** The statement that exports it. */
  readonly statement: TreeNode;
  readonly declaration: TreeNode;
}

export function apiPage(entry: string): string {
  const exports = exportsOf(entry);
  const sections = exports.map(sectionOf);
  const bare = exports.filter(({ file, statement }) => commentAbove(file, statement) === "").map(({ name }) => name);
  if (bare.length > 0) throw new Error(`${entry}: no comment above ${bare.join(", ")}. Say above each what it is.`);
  return sections.join("\n");
}

/** In the order in which the entry exports them: its own first, then what it passes on. */
function exportsOf(entry: string): readonly Exported[] {
  const file = read(entry);
  const own: Exported[] = [];
  const passed: Exported[] = [];
  for (const statement of bodyOf(file)) {
    if (statement.type !== "ExportNamedDeclaration") continue;
    const { declaration, source } = statement;
    if (isTreeNode(declaration)) own.push({ name: nameOf(declaration), file, statement, declaration });
    else if (isTreeNode(source)) {
      const names = (statement["specifiers"] as readonly TreeNode[]).map((each) => nameOf(each, "local"));
      passed.push(...declarationsIn(join(dirname(entry), source["value"] as string), names));
    }
  }
  return [...own, ...passed];
}

function declarationsIn(path: string, names: readonly string[]): readonly Exported[] {
  const file = read(path);
  return names.flatMap((name) => {
    for (const statement of bodyOf(file)) {
      if (statement.type !== "ExportNamedDeclaration") continue;
      const { declaration, source } = statement;
      if (isTreeNode(declaration) && nameOf(declaration) === name) return [{ name, file, statement, declaration }];
      const passes = ((statement["specifiers"] as readonly TreeNode[] | undefined) ?? []).some(
        (each) => nameOf(each, "local") === name,
      );
      if (passes && isTreeNode(source)) return declarationsIn(join(dirname(path), source["value"] as string), [name]);
    }
    throw new Error(`${path} exports no ${name}`);
  });
}

function sectionOf({ name, file, statement, declaration }: Exported): string {
  return `## ${name}\n\n${commentAbove(file, statement)}\n\n\`\`\`ts\n${declarationText(file, declaration)}\n\`\`\`\n`;
}

/** As it stands, but for bodies and private members. */
function declarationText({ text }: SourceFile, declaration: TreeNode): string {
  const cuts: { readonly from: number; readonly to: number; readonly by: string }[] = [];
  const cutBody = (node: unknown): void => {
    const body = isTreeNode(node) ? node["body"] : undefined;
    if (isTreeNode(body)) cuts.push({ from: body.start, to: body.end, by: ";" });
  };
  if (declaration.type === "FunctionDeclaration") cutBody(declaration);
  if (declaration.type === "ClassDeclaration")
    for (const member of (declaration["body"] as TreeNode)["body"] as readonly TreeNode[]) cutBody(member["value"]);
  let cut = text.slice(declaration.start, declaration.end);
  for (const { from, to, by } of cuts.toSorted((a, b) => b.from - a.from))
    cut = cut.slice(0, from - declaration.start).trimEnd() + by + cut.slice(to - declaration.start);
  return cut;
}

function nameOf(node: TreeNode, place = "id"): string {
  const id = node[place];
  if (isTreeNode(id)) return (id["name"] ?? id["value"]) as string;
  const [first] = (node["declarations"] as readonly TreeNode[] | undefined) ?? [];
  return first === undefined ? "" : nameOf(first);
}

/** The text of a doc comment that ends right above a node; that of a file with one thing in it may be its header. */
function commentAbove(file: SourceFile, node: TreeNode): string {
  const comment = file.comments.findLast((each) => each.end <= node.start);
  if (comment === undefined || !comment.value.startsWith("*")) return "";
  if (file.text.slice(comment.end, node.start).trim() !== "") return "";
  const lines = comment.value.split("\n").map((line) => line.replace(/^\s*\*+ ?/, "").trimEnd());
  return lines.join("\n").trim();
}

function bodyOf({ program }: SourceFile): readonly TreeNode[] {
  return program["body"] as readonly TreeNode[];
}

function read(path: string): SourceFile {
  return readSourceFile(path, readFileSync(path, "utf8"));
}
