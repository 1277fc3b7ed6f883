import { describe, expect, test } from "vitest";
import { formatProblem } from "./tidy/problem.ts";
import { roomOf } from "./tidy/rooms.ts";
import { tidy } from "./tidy.ts";

const header = "/**\n * A file of a test.\n */\n";

/** Problems of a few files, as `path [rule]`. */
function rulesBroken(files: Record<string, string>): string[] {
  return tidy(new Map(Object.entries(files))).map(({ path, rule }) => `${path} [${rule}]`);
}

function withHeader(files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [path, header + text]));
}

const lines = (count: number): string => "step();\n".repeat(count);

describe("a clean file", () => {
  test("has no problems", () => {
    expect(
      rulesBroken(
        withHeader({ "src/core/data/trie.ts": 'import { concat } from "../../base/bytes.ts";\nconcat([]);\n' }),
      ),
    ).toEqual([]);
  });

  test("may begin with a shebang", () => {
    expect(rulesBroken({ "tools/run.ts": `#!/usr/bin/env node\n${header}export {};\n` })).toEqual([]);
  });
});

describe("import directions", () => {
  test.each([
    ["src/core/peers/machine.ts", "../../core/data/trie.ts"],
    ["src/core/peers/machine.ts", "../effects.ts"],
    ["src/core/sync/pull/machine.ts", "../limits.ts"],
    ["src/core/sync/pull/machine.ts", "./state.ts"],
    ["src/core/replica/replica.ts", "../peers/machine.ts"],
    ["src/node/loop.ts", "../core/replica/replica.ts"],
    ["src/node/loop.ts", "../drivers/storage/sqlite.ts"],
    ["src/drivers/storage/sqlite.ts", "../../codec/parcel.ts"],
    ["src/drivers/libp2p/host.ts", "../system/port-owner.ts"],
    ["src/api/routes.ts", "../node/fault-codes.ts"],
    ["src/cli/start.ts", "../api/server.ts"],
    ["sim/checkers/promises.ts", "../../src/codec/op.ts"],
    ["sim/world.ts", "../src/core/replica/replica.ts"],
    ["bench/run.ts", "../src/drivers/storage/sqlite.ts"],
  ])("%s may import %s", (path, specifier) => {
    expect(rulesBroken(withHeader({ [path]: `import { a } from "${specifier}";\na();\n` }))).toEqual([]);
  });

  test.each([
    ["src/base/bytes.ts", "../codec/op.ts"],
    ["src/codec/op.ts", "../crypto/hash.ts"],
    ["src/core/data/trie.ts", "../peers/machine.ts"],
    ["src/core/peers/machine.ts", "../sync/machine.ts"],
    ["src/core/peers/machine.ts", "../replica/replica.ts"],
    ["src/core/sync/pull/machine.ts", "../serve/machine.ts"],
    ["src/core/sync/limits.ts", "./serve/machine.ts"],
    ["src/core/replica/replica.ts", "../../node/loop.ts"],
    ["src/core/data/trie.ts", "../../config/settings.ts"],
    ["src/drivers/storage/sqlite.ts", "../libp2p/host.ts"],
    ["src/drivers/storage/sqlite.ts", "../../node/loop.ts"],
    ["src/drivers/system/clock.ts", "../storage/sqlite.ts"],
    ["src/node/loop.ts", "../api/server.ts"],
    ["src/api/routes.ts", "../cli/start.ts"],
    ["src/api/routes.ts", "../drivers/storage/sqlite.ts"],
    ["src/node/loop.ts", "../../sim/world.ts"],
    ["sim/checkers/promises.ts", "../../src/core/data/trie.ts"],
    ["sim/checkers/promises.ts", "../world.ts"],
    ["examples/hello.ts", "../src/node/loop.ts"],
  ])("%s may not import %s", (path, specifier) => {
    expect(rulesBroken(withHeader({ [path]: `import { a } from "${specifier}";\na();\n` }))).toEqual([
      `${path} [import-direction]`,
    ]);
    expect(rulesBroken(withHeader({ [path]: `import type { A } from "${specifier}";\n` }))).toEqual([
      `${path} [import-direction]`,
    ]);
  });

  test.each([
    ["src/drivers/storage/sqlite.ts", "../../core/data/trie.ts"],
    ["src/drivers/storage/sqlite.ts", "../../ports/store.ts"],
    ["src/drivers/libp2p/host.ts", "../../node/facade.ts"],
    ["src/config/load.ts", "../node/facade.ts"],
    ["src/api/routes.ts", "../node/loop.ts"],
  ])("%s may import only types of %s", (path, specifier) => {
    expect(rulesBroken(withHeader({ [path]: `import type { A } from "${specifier}";\n` }))).toEqual([]);
    expect(rulesBroken(withHeader({ [path]: `import { a } from "${specifier}";\na();\n` }))).toEqual([
      `${path} [import-direction]`,
    ]);
  });

  test.each([
    ["an inline type, which leaves the import standing", 'import { type A } from "../../core/data/trie.ts";'],
    ["a re-export", 'export * from "../../core/data/trie.ts";'],
    ["a named re-export", 'export { a } from "../../core/data/trie.ts";'],
    ["a dynamic import", 'const a = import("../../core/data/trie.ts");'],
    ["a worker's file", 'new Worker(new URL(fast ? "../../core/data/trie.ts" : "./own.ts", import.meta.url));'],
  ])("sees %s", (_, code) => {
    expect(rulesBroken(withHeader({ "src/drivers/storage/a.ts": code }))).toEqual([
      "src/drivers/storage/a.ts [import-direction]",
    ]);
  });

  test("lets a type inside an expression count as a type", () => {
    expect(
      rulesBroken(withHeader({ "src/drivers/storage/a.ts": 'type A = import("../../core/data/trie.ts").A;\n' })),
    ).toEqual([]);
  });

  test.each([
    ["src/base/bytes.ts", "node:crypto"],
    ["src/core/data/trie.ts", "zod"],
    ["src/crypto/hash.ts", "node:fs"],
    ["src/drivers/storage/sqlite.ts", "libp2p"],
    ["src/node/loop.ts", "hono"],
    ["src/cli/start.ts", "pino"],
  ])("%s may not import the package %s", (path, specifier) => {
    expect(rulesBroken(withHeader({ [path]: `import { a } from "${specifier}";\na();\n` }))).toEqual([
      `${path} [import-direction]`,
    ]);
  });

  test("a package's sub-path belongs to the package", () => {
    expect(rulesBroken(withHeader({ "src/api/server.ts": 'import { cors } from "hono/cors";\ncors();\n' }))).toEqual(
      [],
    );
    expect(rulesBroken(withHeader({ "src/api/server.ts": 'import { a } from "hono-other";\na();\n' }))).toHaveLength(1);
  });

  test("tests put rooms together as they like, but nothing imports a test", () => {
    const machine = 'import { a } from "./machine.test.ts";\na();\n';
    expect(
      rulesBroken({ "src/core/peers/machine.test.ts": 'import { a } from "../sync/machine.ts";\na();\n' }),
    ).toEqual([]);
    expect(rulesBroken(withHeader({ "src/core/peers/machine.ts": machine }))).toEqual([
      "src/core/peers/machine.ts [import-direction]",
    ]);
  });

  test("a room that is not in the table may import nothing", () => {
    expect(rulesBroken(withHeader({ "src/magic/wand.ts": 'import { a } from "../base/bytes.ts";\na();\n' }))).toEqual([
      "src/magic/wand.ts [import-direction]",
    ]);
  });

  test("ports hold types only", () => {
    expect(rulesBroken(withHeader({ "src/ports/clock.ts": "export interface Clock { now(): number }\n" }))).toEqual([]);
    expect(rulesBroken(withHeader({ "src/ports/clock.ts": "export const clock = 1;\n" }))).toEqual([
      "src/ports/clock.ts [ports-are-types]",
    ]);
  });

  test("a path's room is its folder, two deep in core and drivers", () => {
    const paths = [
      "src/base/bytes.ts",
      "src/core/effects.ts",
      "src/core/data/deep/trie.ts",
      "src/drivers/libp2p/host.ts",
      "src/index.ts",
      "sim/main.ts",
      "sim/checkers/a.ts",
      "vitest.config.ts",
    ];
    expect(paths.map(roomOf)).toEqual([
      "base",
      "core",
      "core/data",
      "drivers/libp2p",
      "index",
      "sim",
      "sim/checkers",
      ".",
    ]);
  });
});

describe("cycles", () => {
  test("are found through types and over several files", () => {
    const files = withHeader({
      "src/base/a.ts": 'import type { B } from "./b.ts";\n',
      "src/base/b.ts": 'import { c } from "./c.ts";\nc();\n',
      "src/base/c.ts": 'import { a } from "./a.ts";\na();\n',
    });
    const problems = tidy(new Map(Object.entries(files)));
    expect(problems.map(formatProblem)).toEqual([
      expect.stringContaining("src/base/a.ts → src/base/b.ts → src/base/c.ts → src/base/a.ts"),
    ]);
  });

  test("are not what two ways to one file are", () => {
    const files = withHeader({
      "src/base/a.ts": 'import { b } from "./b.ts";\nimport { c } from "./c.ts";\nb(c);\n',
      "src/base/b.ts": 'import { c } from "./c.ts";\nc();\n',
      "src/base/c.ts": "export const c = 1;\n",
    });
    expect(rulesBroken(files)).toEqual([]);
  });
});

describe("names", () => {
  test.each(["src/node/utils.ts", "src/helpers/a.ts", "test/common.test.ts", "tools/misc.ts"])(
    "%s says nothing",
    (path) => {
      expect(rulesBroken({ [path]: header })).toContain(`${path} [no-vague-names]`);
    },
  );

  test.each(["src/node/roundKeeper.ts", "src/node/Round.ts", "src/node/round_keeper.ts"])(
    "%s is not kebab-case",
    (path) => {
      expect(rulesBroken({ [path]: header })).toEqual([`${path} [kebab-case]`]);
    },
  );
});

describe("headers", () => {
  test.each([
    ["is missing", "export const a = 1;\n"],
    ["comes after the imports", 'import "./a.ts";\n/** Late. */\n'],
    ["is a plain comment", "// A file.\nexport const a = 1;\n"],
    ["is empty", "/** */\nexport const a = 1;\n"],
    ["goes on for pages", `/**\n${" * more\n".repeat(30)} */\n`],
  ])("are refused when the header %s", (_, text) => {
    expect(rulesBroken({ "src/base/b.ts": text })).toEqual(["src/base/b.ts [file-header]"]);
  });

  test("are not asked of tests", () => {
    expect(rulesBroken({ "src/base/b.test.ts": "export const a = 1;\n" })).toEqual([]);
  });
});

describe("lengths", () => {
  const longFunction = `function work() {\n${lines(59)}}\n`;
  const longFile = lines(398);

  test("a function of 60 lines passes, one of 61 does not", () => {
    expect(rulesBroken(withHeader({ "src/base/a.ts": `function work() {\n${lines(58)}}\n` }))).toEqual([]);
    expect(rulesBroken(withHeader({ "src/base/a.ts": longFunction }))).toEqual(["src/base/a.ts [length]"]);
  });

  test.each([
    ["an arrow function", `const work = () => {\n${lines(59)}};\n`, "work has 61 lines"],
    ["a method", `class A {\n  work() {\n${lines(59)}}\n}\n`, "work has 61 lines"],
    ["a callback", `call(() => {\n${lines(59)}});\n`, "This function has 61 lines"],
  ])("%s counts as a function", (_, code, words) => {
    expect(tidy(new Map([["src/base/a.ts", header + code]])).map(formatProblem)).toEqual([
      expect.stringContaining(words),
    ]);
  });

  test("a file of 400 lines passes, one of 401 does not", () => {
    expect(rulesBroken(withHeader({ "src/base/a.ts": lines(397) }))).toEqual([]);
    expect(rulesBroken(withHeader({ "src/base/a.ts": longFile }))).toEqual(["src/base/a.ts [length]"]);
  });

  test("tests may have long functions, but not long files", () => {
    expect(rulesBroken({ "src/base/a.test.ts": longFunction })).toEqual([]);
    expect(rulesBroken({ "src/base/a.test.ts": lines(401) })).toEqual(["src/base/a.test.ts [length]"]);
  });

  test("a reason excuses; an empty one or one that is not needed does not", () => {
    const reason = "// tidy: long because each arm of the table is one line\n";
    expect(rulesBroken(withHeader({ "src/base/a.ts": reason + longFunction }))).toEqual([]);
    expect(rulesBroken(withHeader({ "src/base/a.ts": `// tidy: long because\n${longFunction}` }))).toHaveLength(2);
    expect(rulesBroken(withHeader({ "src/base/a.ts": reason }))).toEqual(["src/base/a.ts [length]"]);
  });
});

describe("content", () => {
  test.each([
    ["an async function", "export async function a() {}\n"],
    ["an async arrow function", "export const a = async () => {};\n"],
    ["the Promise type", "export type A = Promise<void>;\n"],
    ["a promise's methods", "export const a = Promise.resolve();\n"],
  ])("pure rooms have no promises: %s", (_, code) => {
    expect(rulesBroken(withHeader({ "src/core/data/a.ts": code }))).toContain(
      "src/core/data/a.ts [pure-is-synchronous]",
    );
    expect(rulesBroken(withHeader({ "src/node/a.ts": code }))).toEqual([]);
  });

  test("only the command talks to the terminal", () => {
    expect(rulesBroken(withHeader({ "src/node/a.ts": 'console.error("x");\n' }))).toEqual([
      "src/node/a.ts [no-console]",
    ]);
    expect(
      rulesBroken(withHeader({ "src/cli/a.ts": 'console.error("x");\n', "tools/a.ts": "console.log(1);\n" })),
    ).toEqual([]);
  });

  test.each([
    ['test.only("a", run);'],
    ['describe.only("a", run);'],
    ['it.skip("a", run);'],
    ['test.each(rows).skip("a", run);'],
    ['test.todo("a");'],
    ['test("a", { skip: true }, run);'],
    ['test.skipIf(process.getuid() !== 0)("a", run);'],
    ['test("a", (ctx) => { ctx.skip(); });'],
    ['test("a", (ctx) => { ctx.skip(isRoot); });'],
    ['test("a", (ctx) => { ctx.skip(isRoot, "no"); });'],
  ])("a hidden test is refused: %s", (code) => {
    expect(rulesBroken({ "src/base/a.test.ts": `${code}\n` })).toEqual(["src/base/a.test.ts [no-skipped-tests]"]);
  });

  test.each([
    ['test("a", (ctx) => { ctx.skip(!isRoot, "needs root for namespaces"); });'],
    ['test("a", (ctx) => { ctx.skip("needs root for namespaces"); });'],
    ['// Needs root: makes network namespaces.\ntest.skipIf(!isRoot)("a", run);'],
    ["reader.skip(4);"],
  ])("a probe that says why passes: %s", (code) => {
    const broken = rulesBroken({ "src/base/a.test.ts": `${code}\n` });
    expect(broken).toEqual([]);
  });

  test.each([
    ["// @ts-ignore"],
    ["// @ts-expect-error"],
    ["// oxlint-disable-next-line no-console"],
    ["/* eslint-disable no-console */"],
  ])("a checker is not switched off without a reason: %s", (comment) => {
    expect(rulesBroken(withHeader({ "src/base/a.ts": `${comment}\nexport const a = 1;\n` }))).toEqual([
      "src/base/a.ts [suppression-reason]",
    ]);
  });

  test("a checker may be switched off with a reason", () => {
    const text =
      "// oxlint-disable-next-line no-eval -- the benchmark compiles its own loop\n// @ts-expect-error the types of 1.2 lack this\nexport const a = 1;\n";
    expect(rulesBroken(withHeader({ "src/base/a.ts": text }))).toEqual([]);
  });
});

test("a file that does not parse stops the run and is named", () => {
  expect(() => rulesBroken({ "src/base/a.ts": `${header}export const = ;` })).toThrow("src/base/a.ts");
});
