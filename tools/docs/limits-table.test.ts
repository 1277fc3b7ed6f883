import { expect, test } from "vitest";
import { limitsTable } from "./limits-table.ts";

const header = '/** Limits. */\nimport "./b.ts";\n';

function rowsOf(text: string, values: Record<string, unknown>): string[] {
  return limitsTable("src/a/limits.ts", text, values)
    .split("\n")
    .filter((line) => line.startsWith("| `"));
}

test("a limit's row has its computed value and its comment on one line", () => {
  const text =
    "/**\n * Bytes of a key | name.\n * Guess.\n */\nexport const keyBytesMax = 4 * 1024;\nconst hidden = 3;\n";
  expect(rowsOf(header + text, { keyBytesMax: 4096, hidden: 3 })).toEqual([
    "| `keyBytesMax` | 4,096 | Bytes of a key \\| name. Guess. |",
  ]);
});

test("a group's rows have their own comments, or the group's", () => {
  const text =
    "/** All of them. */\nexport const limits = {\n  /** One. */\n  a: 1,\n  b: 2,\n} as const satisfies object;\n";
  expect(rowsOf(header + text, { limits: { a: 1, b: 2 } })).toEqual([
    "| `limits.a` | 1 | One. |",
    "| `limits.b` | 2 | All of them. |",
  ]);
});

test("what is no number has no row", () => {
  const text = 'export const name = "x";\nexport type A = 1;\nexport function f() {}\n';
  expect(rowsOf(header + text, { name: "x", f: () => 1 })).toEqual([]);
});

test.each([
  ["nothing stands above it", `${header}export const depthMax = 3;`],
  ["only the file's header does", "/** Limits. */\nexport const depthMax = 3;"],
  ["only a plain comment does", `${header}// Levels.\nexport const depthMax = 3;`],
  ["the comment belongs to something else", `${header}/** Levels. */\nconst other = 1;\nexport const depthMax = 3;`],
])("a limit without a comment is refused: %s", (_, text) => {
  expect(() => rowsOf(text, { depthMax: 3 })).toThrow("src/a/limits.ts: depthMax: no comment");
});
