/** `npm run test:foreign`: builds what others' libraries speak to our nodes with, then runs its tests. */
import { spawnSync } from "node:child_process";
import { build } from "./go-program.ts";

process.stdout.write("building examples/go-ping; the first time this takes minutes\n");
const began = performance.now();
const problem = build();
if (problem === undefined) {
  process.stdout.write(`built in ${Math.round((performance.now() - began) / 1000)} s\n`);
  const { status } = spawnSync("npx", ["vitest", "run", "test/foreign"], {
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  process.exitCode = status ?? 1;
} else {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 1;
}
