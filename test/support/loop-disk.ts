/**
 * Disks of one's own for tests: an ext4 image behind a loop device, whose block device can be
 * copied as a power cut would leave it, and a small memory disk that runs full. Both need root.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What is missing for `LoopDisk`, or undefined. */
export function missingForLoopDisk(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "needs root on Linux";
  for (const program of ["losetup", "mkfs.ext4", "mount"]) {
    if (spawnSync(program, ["--version"]).error !== undefined) return `needs the program ${program}`;
  }
  if (spawnSync("losetup", ["--find"]).status !== 0) return "needs a free loop device";
  return undefined;
}

/** What is missing for `MemoryDisk`, or undefined. */
export function missingForMemoryDisk(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "needs root on Linux";
  return spawnSync("unshare", ["--mount", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0
    ? undefined
    : "needs the right to mount";
}

/** One file system in one image file; numbered copies of the image are earlier moments. */
export class LoopDisk {
  readonly path: string;
  readonly #folder: string;
  #image: string;
  #copies = 0;

  constructor(folder: string, sizeMiB: number) {
    this.#folder = folder;
    this.path = join(folder, "disk");
    this.#image = join(folder, "disk-0.img");
    mkdirSync(this.path, { recursive: true });
    writeFileSync(this.#image, "");
    truncateSync(this.#image, sizeMiB * 1024 * 1024);
    run("mkfs.ext4", "-q", "-F", this.#image);
  }

  /** The file system's own regular commit is put off, so that only what is synced reaches the device in time. */
  mount(): void {
    run("mount", "-o", "loop,commit=60", this.#image, this.path);
  }

  unmount(): void {
    run("umount", this.path);
  }

  /** Copies what has reached the block device by now, and nothing that only the system's memory knows. */
  copyDevice(): string {
    this.#copies += 1;
    const copy = join(this.#folder, `disk-${this.#copies}.img`);
    copyFileSync(this.#image, copy);
    return copy;
  }

  /** From now on the disk is the copy; unmounted. */
  replaceBy(copy: string): void {
    rmSync(this.#image);
    this.#image = copy;
  }

  /** Unmounts if need be; the folder is its owner's to remove. */
  release(): void {
    spawnSync("umount", ["--lazy", this.path]);
    rmSync(this.#image, { force: true });
  }
}

/** A tmpfs of a given size that can grow. */
export class MemoryDisk {
  readonly path: string;

  constructor(path: string, sizeMiB: number) {
    this.path = path;
    mkdirSync(path, { recursive: true });
    run("mount", "-t", "tmpfs", "-o", `size=${sizeMiB}m,mode=700`, "none", path);
  }

  grow(sizeMiB: number): void {
    run("mount", "-o", `remount,size=${sizeMiB}m`, this.path);
  }

  release(): void {
    spawnSync("umount", ["--lazy", this.path]);
  }
}

function run(program: string, ...parameters: string[]): void {
  const { status, stderr, error } = spawnSync(program, parameters, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${parameters.join(" ")}: ${error?.message ?? stderr.trim()}`);
}
