/**
 * How the tests run: real processes, two at a time, the report kept for `npm run checklist`. Acceptance runs on
 * machines shared with others: what fails there is tried once more, and printed with `(retry x1)` where it then passes.
 */
import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    environment: "node",
    include: ["src/**/*.test.ts", "sim/**/*.test.ts", "test/**/*.test.ts", "tools/**/*.test.ts"],
    exclude: ["**/node_modules/**", "dist/**"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    retry: process.env["CI"] === undefined ? 0 : 1,
    allowOnly: false,
    passWithNoTests: false,
    reporters: ["default", "json"],
    outputFile: { json: ".cache/test-report.json" },
  },
});

export default config;
