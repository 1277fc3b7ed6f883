import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { completePackages, type LockedPackages } from "./lockfile.ts";

const parent = { version: "1.2.3", dev: true };

test("adds the platform packages that a parent names and the lockfile lacks", () => {
  const names = [
    "@a/binding-linux-x64-gnu",
    "@a/binding-linux-arm64-musl",
    "@a/binding-linux-arm-gnueabihf",
    "@a/darwin-arm64",
  ];
  const packages = {
    "": {},
    "node_modules/a": { ...parent, optionalDependencies: Object.fromEntries(names.map((name) => [name, "1.2.3"])) },
    "node_modules/@a/binding-linux-x64-gnu": { version: "1.2.3" },
  };
  const common = { version: "1.2.3", dev: true, optional: true };
  expect(completePackages(packages)).toEqual({
    ...packages,
    "node_modules/@a/binding-linux-arm64-musl": { ...common, os: ["linux"], cpu: ["arm64"], libc: ["musl"] },
    "node_modules/@a/binding-linux-arm-gnueabihf": { ...common, os: ["linux"], cpu: ["arm"] },
    "node_modules/@a/darwin-arm64": { ...common, os: ["darwin"], cpu: ["arm64"] },
  });
});

test("leaves a package alone that lies inside its parent's folder", () => {
  const packages = {
    "node_modules/a": { ...parent, optionalDependencies: { b: "1.0.0" } },
    "node_modules/a/node_modules/b": { version: "1.0.0" },
  };
  expect(completePackages(packages)).toEqual(packages);
});

test.each([
  ["a name without a platform", "fsevents", "2.3.3"],
  ["a range of versions", "@a/linux-x64", "^1.0.0"],
])("refuses %s", (_, name, version) => {
  expect(() =>
    completePackages({ "node_modules/a": { ...parent, optionalDependencies: { [name]: version } } }),
  ).toThrow(`${name} is missing`);
});

test("the project's lockfile is complete and names no host", () => {
  const text = readFileSync(join(import.meta.dirname, "../package-lock.json"), "utf8");
  const { packages } = JSON.parse(text) as { packages: LockedPackages };
  expect(Object.keys(completePackages(packages))).toEqual(Object.keys(packages));
  expect(text).not.toContain('"resolved"');
});
