/**
 * Makes the table of one limits file: its exported numbers with the comments that stand above them.
 * The text gives the comments, the loaded module the values, so that `64 * 1024` is shown as what
 * it comes to. An exported object is a group: each of its numbers has a row.
 */
import { isTreeNode, readSourceFile, type SourceFile, type TreeNode } from "../tidy/source-file.ts";

interface Limit {
  readonly name: string;
  readonly value: string;
  readonly comment: string;
}

/** Throws where limits have no comment, naming them: a number nobody explains is not documented. */
export function limitsTable(path: string, text: string, values: Readonly<Record<string, unknown>>): string {
  const limits = exportedConstants(readSourceFile(path, text), values);
  const bare = limits.filter((limit) => limit.comment === "").map((limit) => limit.name);
  if (bare.length > 0) {
    const advice = "Say above each, in /** */, its unit and where the number comes from.";
    throw new Error(`${path}: ${bare.join(", ")}: no comment. ${advice}`);
  }
  const rows = limits.map(
    ({ name, value, comment }) => `| \`${name}\` | ${value} | ${comment.replaceAll("|", "\\|")} |`,
  );
  return `## ${path}\n\n| name | value | what it bounds, and its source |\n| --- | --- | --- |\n${rows.join("\n")}\n`;
}

function exportedConstants(file: SourceFile, values: Readonly<Record<string, unknown>>): Limit[] {
  const limits: Limit[] = [];
  for (const statement of file.program["body"] as readonly TreeNode[]) {
    const declaration = statement["declaration"];
    if (statement.type !== "ExportNamedDeclaration" || !isTreeNode(declaration)) continue;
    if (declaration.type !== "VariableDeclaration") continue;
    for (const declarator of declaration["declarations"] as readonly TreeNode[]) {
      const name = (declarator["id"] as TreeNode)["name"] as string;
      const comment = commentAbove(file, statement);
      limits.push(...rowsOf(file, name, declarator["init"], values[name], comment));
    }
  }
  return limits;
}

function rowsOf(file: SourceFile, name: string, init: unknown, value: unknown, comment: string): Limit[] {
  if (typeof value === "number" || typeof value === "bigint")
    return [{ name, value: value.toLocaleString("en-US"), comment }];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    const property = propertyNamed(init, key);
    const own = property === undefined ? "" : commentAbove(file, property);
    return rowsOf(file, `${name}.${key}`, property?.["value"], member, own === "" ? comment : own);
  });
}

/** Finds a property of an object literal, also behind `as const` and `satisfies`. */
function propertyNamed(node: unknown, key: string): TreeNode | undefined {
  if (!isTreeNode(node)) return undefined;
  if (node.type !== "ObjectExpression") return propertyNamed(node["expression"], key);
  const properties = node["properties"] as readonly TreeNode[];
  return properties.find((property) => isTreeNode(property["key"]) && property["key"]["name"] === key);
}

/** The text of a doc comment that ends right above a node, on one line. The file's header belongs to no limit. */
function commentAbove(file: SourceFile, node: TreeNode): string {
  const comment = file.comments.findLast((each) => each.end <= node.start);
  if (comment === undefined || comment === file.comments[0] || !comment.value.startsWith("*")) return "";
  if (file.text.slice(comment.end, node.start).trim() !== "") return "";
  return comment.value
    .split("\n")
    .map((line) => line.replace(/^\s*\*+\s?/, "").trim())
    .join(" ")
    .trim();
}
