/**
 * Checks what a user gets: packs the package as npm would publish it, looks at the files inside,
 * installs it in an empty folder without install scripts, and there runs the command, imports the
 * library and compiles against its types.
 */
import { execFileSync } from "node:child_process";
import { accessSync, constants, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

const root = join(import.meta.dirname, "..");

interface Manifest {
  readonly name: string;
  readonly version: string;
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

/** Runs a command with the project's own Node first; what it prints is shown when it fails. */
function run(folder: string, command: string, ...parameters: string[]): string {
  const path = `${join(root, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`;
  try {
    return execFileSync(command, parameters, {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, PATH: path, npm_config_update_notifier: "false" },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 300_000,
    });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${parameters.join(" ")} failed in ${folder}:\n${stdout}${stderr}`, { cause: error });
  }
}

/** What is wrong with the list of files in the package. */
export function checkFiles(paths: readonly string[]): string[] {
  const needed = ["package.json", "README.md", "LICENSE-MIT", "LICENSE-APACHE", "bin/launcher.cjs", "dist/index.js"];
  const missing = [...needed, "dist/index.d.ts", "dist/cli/main.js"].filter((path) => !paths.includes(path));
  const stray = paths.filter((path) => !needed.includes(path) && !isShipped(path));
  return [
    ...missing.map((path) => `the package lacks ${path}`),
    ...stray.map((path) => `the package has ${path}, which no user needs; see "files" in package.json`),
  ];
}

function isShipped(path: string): boolean {
  return path.startsWith("bin/") || (/^dist\/[^.].*\.(js|d\.ts)$/.test(path) && !/\.test\.|\/test-/.test(path));
}

function pack(folder: string): { readonly tarball: string; readonly paths: readonly string[] } {
  const output = run(root, "npm", "pack", "--json", "--loglevel=error", "--pack-destination", folder);
  // Before npm's JSON stands what the build printed; npm 12 answers with an object by name, older ones with a list.
  const answer = JSON.parse(output.slice(output.search(/^[[{]/m))) as object;
  const [packed] = Object.values(answer) as [{ filename: string; files: { path: string }[] }];
  return { tarball: join(folder, packed.filename), paths: packed.files.map((file) => file.path) };
}

function install(folder: string, tarball: string): string {
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  run(folder, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", tarball);
  return join(folder, "node_modules", readManifest(root).name);
}

async function lintPackage(installed: string): Promise<string[]> {
  const { messages } = await publint({ pkgDir: installed, pack: false, strict: true });
  const manifest = readManifest(installed) as unknown as Parameters<typeof formatMessage>[1];
  return messages.map((message) => `publint: ${formatMessage(message, manifest, { color: false }) ?? message.code}`);
}

function checkCommand(folder: string): string[] {
  const { version } = readManifest(root);
  const said = run(folder, "npx", "--no-install", "p2p-sync", "--version").trim();
  return said.includes(version) ? [] : [`npx p2p-sync --version said "${said}", not ${version}`];
}

function checkLibrary(folder: string): string[] {
  writeFileSync(
    join(folder, "import.js"),
    'import { createNode } from "p2p-sync";\nprocess.stdout.write(typeof createNode);\n',
  );
  const kind = run(folder, "node", "import.js");
  return kind === "function" ? [] : [`createNode of the installed library is ${kind}, not a function`];
}

/** Throws where a user's strict program against our types does not compile. */
function checkTypes(folder: string): void {
  writeFileSync(
    join(folder, "use.ts"),
    'import { createNode } from "p2p-sync";\nexport const start: typeof createNode = createNode;\n' +
      "// @ts-expect-error an untyped import would let this pass\nexport const wrong: string = createNode;\n",
  );
  const options = ["--noEmit", "--strict", "--target", "es2024", "--module", "nodenext", "--skipLibCheck"];
  const types = ["--types", "node", "--typeRoots", join(root, "node_modules/@types")];
  run(folder, "tsc", "--ignoreConfig", ...options, ...types, "use.ts");
}

async function main(): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "p2p-sync-package-"));
  try {
    const { tarball, paths } = pack(folder);
    const consumer = join(folder, "consumer");
    const installed = install(consumer, tarball);
    accessSync(join(installed, "bin/launcher.cjs"), constants.X_OK);
    const problems = [
      ...checkFiles(paths),
      ...(await lintPackage(installed)),
      ...checkCommand(consumer),
      ...checkLibrary(consumer),
    ];
    if (problems.length === 0) checkTypes(consumer);
    return problems;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const problems = await main().catch((error: unknown) => [error instanceof Error ? error.message : String(error)]);
  for (const problem of problems) console.error(problem);
  console.log(
    problems.length === 0 ? "the package installs, runs, imports and compiles" : `${problems.length} problems`,
  );
  process.exitCode = problems.length === 0 ? 0 : 1;
}
