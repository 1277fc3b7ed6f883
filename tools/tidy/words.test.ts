import { expect, test } from "vitest";
import { checkWords } from "./words.ts";

test.each([
  ["no-loose-ends", "// TODO later"],
  ["no-loose-ends", "FIXME: broken"],
  ["no-registry-hosts", '"resolved": "https://registry.npmjs.org/a/-/a-1.0.0.tgz"'],
  ["no-registry-hosts", "registry=https://registry.npmmirror.com"],
  ["no-own-paths", "cd /home/ann/p2p-sync"],
  ["no-own-paths", 'const root = "/Users/Ann/p2p-sync";'],
  ["no-own-paths", "see /work/notes.md"],
])("%s refuses: %s", (rule, line) => {
  expect(checkWords("docs/a.md", `first line\n${line}\n`)).toEqual([
    expect.objectContaining({ rule, line: 2, path: "docs/a.md" }),
  ]);
});

test.each([
  "a todo list",
  "https://www.npmjs.com/package/p2p-sync",
  "mktemp /tmp/a.XXXXXX",
  "PUT /v1/work/1",
  "how they work/live",
])("passes: %s", (line) => {
  expect(checkWords("docs/a.md", line)).toEqual([]);
});
