/**
 * How the tests run: real processes, two at a time, the report kept for `npm run checklist`.
 */
import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    environment: "node",
    include: ["src/**/*.test.ts", "sim/**/*.test.ts", "test/**/*.test.ts", "tools/**/*.test.ts"],
    // Folders of tests that need root, other machines or many minutes; each has its own npm script.
    exclude: ["**/node_modules/**", "dist/**"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
    allowOnly: false,
    passWithNoTests: false,
    reporters: ["default", "json"],
    outputFile: { json: ".cache/test-report.json" },
    // A failing property prints its seed; the order of files and tests is never random.
    sequence: { shuffle: false },
  },
});

export default config;
