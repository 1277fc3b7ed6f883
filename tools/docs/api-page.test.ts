import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { apiPage } from "./api-page.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "p2p-sync-api-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function page(files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return apiPage(join(folder, "index.ts"));
}

test("what the entry declares comes first, then what it passes on, also over another file; bodies are left out", () => {
  const text = page({
    "index.ts":
      '/** Header. */\nimport "./a.ts";\nexport { Box } from "./a.ts";\nexport type { Size } from "./a.ts";\n/** Makes one. */\nexport function make(size: number): void {\n  start(size);\n}\n',
    "a.ts":
      'export type { Size } from "./b.ts";\n/** A box. */\nexport class Box {\n  /** Its width. */\n  readonly width: number = 1;\n  open(): void {\n    this.x();\n  }\n}\n',
    "b.ts": "/** Header. */\nimport './c.ts';\n\n/** In mm. */\nexport type Size = number;\n",
  });
  expect(text.match(/^## .*/gm)).toEqual(["## make", "## Box", "## Size"]);
  expect(text).toContain("export function make(size: number): void;".replace("export ", ""));
  expect(text).toContain("  /** Its width. */\n  readonly width: number = 1;\n  open(): void;\n}");
  expect(text).toContain("In mm.");
  expect(text).not.toContain("start(size)");
});

test("a name without a comment is refused, and so is one that is not there", () => {
  expect(() => page({ "index.ts": "/** Header. */\nimport './a.ts';\nexport type Bare = 1;\n" })).toThrow(
    "no comment above Bare",
  );
  const lost = 'export type { Lost } from "./a.ts";\n';
  expect(() => page({ "index.ts": lost, "a.ts": "export type Other = 1;\n" })).toThrow("exports no Lost");
});
