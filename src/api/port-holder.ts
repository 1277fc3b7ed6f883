/**
 * Names the program that listens on a TCP port, so that the message about a taken port says what
 * to stop. Linux tells it in /proc, for one's own processes; elsewhere the answer is undefined.
 *
 * Source: proc(5), proc_pid_fd(5), /proc/net/tcp.
 */
import { readdir, readFile, readlink } from "node:fs/promises";

const listening = "0A"; // Source: TCP_LISTEN in linux/include/net/tcp_states.h

/** "node (process 4711)", or undefined where it cannot be found out. */
export async function describePortHolder(port: number): Promise<string | undefined> {
  const inodes = new Set([
    ...(await listeningInodes("/proc/net/tcp", port)),
    ...(await listeningInodes("/proc/net/tcp6", port)),
  ]);
  if (inodes.size === 0) return undefined;
  const sockets = new Set([...inodes].map((inode) => `socket:[${inode}]`));
  const processes = (await readdir("/proc").catch(() => [])).filter((name) => /^[0-9]+$/.test(name));
  for (const id of processes) {
    if (await holdsAny(id, sockets)) {
      const name = (await readText(`/proc/${id}/comm`)).trim();
      return `${name === "" ? "a program" : name} (process ${id})`;
    }
  }
  return undefined;
}

async function listeningInodes(table: string, port: number): Promise<string[]> {
  const ending = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = (await readText(table)).split("\n").map((line) => line.trim().split(/\s+/));
  return rows.flatMap((cells) =>
    cells[1]?.endsWith(ending) === true && cells[3] === listening && cells[9] !== undefined ? [cells[9]] : [],
  );
}

async function holdsAny(process: string, sockets: ReadonlySet<string>): Promise<boolean> {
  const folder = `/proc/${process}/fd`;
  const files = await readdir(folder).catch(() => []); // another user's process
  for (const file of files) {
    const target = await readlink(`${folder}/${file}`).catch(() => "");
    if (sockets.has(target)) return true;
  }
  return false;
}

function readText(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}
