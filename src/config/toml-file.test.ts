import { describe, expect, test } from "vitest";
import { parseToml } from "./toml-file.ts";

describe("the line of a key", () => {
  const text = [
    "# a comment = 1", // 1
    "top = 1",
    "",
    "[a]",
    'text = """', // 5
    "b = 2",
    '"""',
    "b = 3",
    "list = [ # why", // 9
    "  1,",
    "]",
    "",
    "# about c", // 13
    "c.d = 4", // 14
    '"quoted key" = 5',
    "[e.f]", // 16
    "inline = { g = 1 }", // 17
  ].join("\n");

  test.each([
    ["top", 2],
    ["a", 4],
    ["a.text", 5],
    ["a.b", 8],
    ["a.list", 9],
    ["a.c.d", 14],
    ["a.quoted key", 15],
    ["e.f", 16],
    ["e.f.inline.g", 17],
  ])("%s is on line %i", (key, line) => {
    const file = parseToml("x.toml", text);
    expect(file.values.has(key) || file.tables.includes(key)).toBe(true);
    expect(file.lineOf(key)).toBe(line);
  });

  test("takes some ten readings of the file, wherever it is", () => {
    const lines = Array.from({ length: 2_000 }, (_, i) => `key${i} = [\n  ${i},\n]`);
    const file = parseToml("x.toml", lines.join("\n"));
    let readings = 0;
    const lineOf = (key: string): number => file.lineWhere((parsed) => (readings++, key in parsed));
    expect([lineOf("key0"), lineOf("key999"), lineOf("key1999")]).toEqual([1, 2_998, 5_998]);
    expect(readings).toBeLessThan(3 * 20);
  });

  test("is right with the line ends of other systems", () => {
    expect(parseToml("x.toml", "[a]\r\nb = 1\r\nc = 2\r\n").lineOf("a.c")).toBe(3);
  });
});

describe("refuses", () => {
  test.each([
    ["a cut line", "[a]\nb =", "x.toml:2: "],
    ["a key twice", "a = 1\n\na = 2\n", "x.toml:3: "],
    ["names that reach into objects", "__proto__ = 1\n", "x.toml:1: "],
    ["bottomless nesting", `a = ${"[".repeat(100)}${"]".repeat(100)}\n`, "x.toml:1: "],
  ])("%s", (_, text, start) => {
    expect(() => parseToml("x.toml", text)).toThrow(
      expect.objectContaining({ code: "invalid_config", message: expect.stringContaining(start) as string }) as Error,
    );
  });
});
