/**
 * Completes package-lock.json after a change of dependencies, `npm run lockfile`, or that of another
 * folder, `npm run lockfile -- bench/peers/iroh`. Tools with native
 * parts list one optional package per platform. Where the registry at hand lacks those of other
 * platforms, npm leaves them out of the lockfile without a word, and then `npm ci` refuses the
 * lockfile everywhere. This adds what was left out, at the exact version its parent asks for; the
 * platform is read from the name. Such entries have no integrity: npm takes it from the registry
 * on the platform that installs them.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

interface LockedPackage {
  readonly version?: string;
  readonly optional?: boolean;
  readonly dev?: boolean;
  readonly peer?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export type LockedPackages = Readonly<Record<string, LockedPackage>>;

/** The same packages, with those that optional dependencies name and the lockfile lacks. */
export function completePackages(packages: LockedPackages): LockedPackages {
  const complete: Record<string, LockedPackage> = { ...packages };
  for (const parent of Object.values(packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      const place = `node_modules/${name}`;
      const isThere = Object.keys(packages).some((path) => path === place || path.endsWith(`/${place}`));
      if (!isThere) complete[place] = platformPackage(name, version, parent);
    }
  }
  // npm's own order: by name, in English.
  const ordered = Object.entries(complete).toSorted(([a], [b]) => a.localeCompare(b, "en"));
  return Object.fromEntries(ordered);
}

/** `@scope/binding-linux-x64-musl` runs on linux, x64, musl. Throws where a name does not say so. */
function platformPackage(name: string, version: string, parent: LockedPackage): LockedPackage {
  const match =
    /[/-](aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)-([a-z0-9]+)(?:-([a-z]+))?$/.exec(
      name,
    );
  if (match === null) throw new Error(`${name} is missing, and its name tells no platform. Add it with npm install.`);
  if (!/^\d+\.\d+\.\d+/.test(version)) throw new Error(`${name} is missing, and "${version}" is not one version.`);
  const [, os = "", cpu = "", abi] = match;
  return {
    version,
    cpu: [cpu],
    ...(parent.dev === true && { dev: true }),
    ...(os === "linux" && (abi === "gnu" || abi === "musl") && { libc: [abi === "gnu" ? "glibc" : "musl"] }),
    optional: true,
    os: [os],
    ...(parent.peer === true && { peer: true }),
  };
}

if (import.meta.main) {
  const path = join(import.meta.dirname, "..", process.argv[2] ?? "", "package-lock.json");
  const lockfile = JSON.parse(readFileSync(path, "utf8")) as { packages: LockedPackages };
  const packages = completePackages(lockfile.packages);
  const added = Object.keys(packages).length - Object.keys(lockfile.packages).length;
  if (added > 0) writeFileSync(path, `${JSON.stringify({ ...lockfile, packages }, undefined, 2)}\n`);
  console.log(`${added} packages of other platforms added to ${relative(process.cwd(), path)}`);
}
