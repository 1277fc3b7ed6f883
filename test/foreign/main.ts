/** `npm run test:foreign`: builds what others' libraries speak to our nodes with, then runs its tests. */
import { spawnSync } from "node:child_process";
import { build } from "./go-program.ts";

console.log("building examples/go-ping; the first time this takes minutes");
const began = performance.now();
const problem = build();
if (problem === undefined) {
  console.log(`built in ${Math.round((performance.now() - began) / 1000)} s`);
  const { status } = spawnSync("npx", ["vitest", "run", "test/foreign"], {
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  process.exitCode = status ?? 1;
} else {
  console.error(problem);
  process.exitCode = 1;
}
