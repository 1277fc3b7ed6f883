/** The machine a benchmark ran on, and what ran there; figures mean nothing without it. */
import { readFileSync, statfsSync } from "node:fs";
import { arch, cpus, loadavg, release, tmpdir, totalmem, type } from "node:os";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
  readonly sqlite: string;
  readonly libp2p: string;
  readonly disk: string;
}

export function machine(): Machine {
  const cores = cpus();
  return {
    cpu: cores[0]?.model.trim() ?? "unknown",
    cores: cores.length,
    memoryGb: Math.round(totalmem() / 1e9),
    system: `${type()} ${release()} ${arch()}`,
    node: process.versions.node,
    sqlite: process.versions["sqlite"] ?? "unknown",
    libp2p: versionOf("libp2p"),
    disk: `${fileSystem()} at ${tmpdir()}`,
  };
}

/** Average load of the last minute, two digits. */
export function load(): number {
  return Math.round((loadavg()[0] ?? 0) * 100) / 100;
}

function versionOf(name: string): string {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

/** Source: statfs(2), the types of file systems people put temporary folders on. */
function fileSystem(): string {
  const names: Readonly<Record<number, string>> = {
    0xef53: "ext4",
    0x0102_1994: "tmpfs",
    0x5846_5342: "xfs",
    0x9123_683e: "btrfs",
    0x794c_7630: "overlayfs",
  };
  const found = statfsSync(tmpdir()).type;
  return names[found] ?? `file system ${found.toString(16)}`;
}
