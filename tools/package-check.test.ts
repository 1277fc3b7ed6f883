import { expect, test } from "vitest";
import { checkFiles } from "./package-check.ts";

const whole = [
  "package.json",
  "README.md",
  "LICENSE-MIT",
  "LICENSE-APACHE",
  "bin/launcher.cjs",
  "bin/p2p-sync",
  "dist/index.js",
  "dist/index.d.ts",
  "dist/cli/main.js",
];

test("a package with what a user needs passes", () => {
  expect(checkFiles(whole)).toEqual([]);
});

test.each(["LICENSE-MIT", "dist/index.d.ts", "dist/cli/main.js", "bin/launcher.cjs"])(
  "a package without %s does not",
  (path) => {
    expect(checkFiles(whole.filter((each) => each !== path))).toEqual([`the package lacks ${path}`]);
  },
);

test.each([
  "dist/.zones/node.tsbuildinfo",
  "src/index.ts",
  "dist/base/bytes.test.js",
  "dist/base/bytes.ts",
  "dist/node/test-node.js",
  ".env",
])("a package with %s does not", (path) => {
  expect(checkFiles([...whole, path])).toEqual([expect.stringContaining(path)]);
});
