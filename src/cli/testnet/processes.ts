/**
 * Processes of a testnet's nodes: started so that they outlive the command, found again by their
 * pid files, and never mistaken for another. A pid counts only while the process that has it was
 * started with this node's configuration file; numbers are given out again by the system.
 */
import { spawn, spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { setTimeout as wait } from "node:timers/promises";
import { Fault } from "../../base/fault.ts";
import { configFileOf, logFileOf, pidFileOf } from "./files.ts";

const launcher = fileURLToPath(new URL("../../../bin/launcher.cjs", import.meta.url));

/** How long a node may take to stop before it is killed, in ms. Source: its own bound of 5 s, and a moment more. */
const stopMsMax = 6_000;
const lookEveryMs = 20;

export type ProcessState = "running" | "paused" | "stopped";

export interface FoundProcess {
  readonly pid: number;
  readonly state: Exclude<ProcessState, "stopped">;
}

/** Starts a node; resolves with its pid once it is written down. `wrap` is put in front, as `ip netns exec NAME`. */
export async function startProcess(
  dir: string,
  node: number,
  environment: Readonly<Record<string, string | undefined>>,
  wrap: readonly string[] = [],
): Promise<number> {
  const log = openSync(logFileOf(dir, node), "a");
  try {
    const own = [process.execPath, launcher, "start", "--config", configFileOf(dir, node), "--no-prompt"];
    const [program = "", ...parameters] = [...wrap, ...own];
    const child = spawn(program, parameters, {
      cwd: dir,
      detached: true,
      stdio: ["ignore", log, log],
      env: { ...withoutSettings(environment), P2P_SYNC_TEST_FAULTS: "1", P2P_SYNC_TEST_FAULT_PORT: "true" },
    });
    const pid = await new Promise<number>((resolve, reject) => {
      child.once("error", reject).once("spawn", () => resolve(child.pid ?? 0));
    });
    child.unref();
    writeFileSync(pidFileOf(dir, node), `${pid}\n`);
    return pid;
  } finally {
    closeSync(log);
  }
}

/** The node's process, or undefined where it does not run. */
export function findProcess(dir: string, node: number): FoundProcess | undefined {
  const pid = readPid(pidFileOf(dir, node));
  if (pid === undefined) return undefined;
  const seen = process.platform === "linux" ? lookInProc(pid) : lookWithPs(pid);
  if (seen === undefined || !seen.command.includes(configFileOf(dir, node)) || seen.state === "Z") return undefined;
  return { pid, state: seen.state === "T" ? "paused" : "running" };
}

/** Sends a signal to the node's process; false where it does not run. */
export function signalNode(dir: string, node: number, signal: NodeJS.Signals): boolean {
  const found = findProcess(dir, node);
  if (found === undefined) return false;
  process.kill(found.pid, signal);
  return true;
}

/** SIGTERM, and SIGKILL where that takes too long; a paused one goes on first. Resolves when it is gone. */
export async function stopNode(dir: string, node: number): Promise<"stopped" | "killed" | "was not running"> {
  const found = findProcess(dir, node);
  if (found === undefined) {
    rmSync(pidFileOf(dir, node), { force: true });
    return "was not running";
  }
  process.kill(found.pid, "SIGTERM");
  if (found.state === "paused") process.kill(found.pid, "SIGCONT");
  const isPolite = await untilGone(dir, node, stopMsMax);
  if (!isPolite) await killNode(dir, node);
  rmSync(pidFileOf(dir, node), { force: true });
  return isPolite ? "stopped" : "killed";
}

/** kill -9; false where it did not run. Resolves when it is gone; a pid file that stays is of one that ended by itself. */
export async function killNode(dir: string, node: number): Promise<boolean> {
  if (!signalNode(dir, node, "SIGKILL")) return false;
  if (!(await untilGone(dir, node, stopMsMax)))
    throw new Fault("testnet_failed", `Node ${node} is still there ${stopMsMax / 1_000} s after kill -9.`);
  rmSync(pidFileOf(dir, node), { force: true });
  return true;
}

async function untilGone(dir: string, node: number, withinMs: number): Promise<boolean> {
  for (const end = performance.now() + withinMs; performance.now() < end; await wait(lookEveryMs))
    if (findProcess(dir, node) === undefined) return true;
  return findProcess(dir, node) === undefined;
}

function readPid(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, "utf8").trim());
    return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

interface Seen {
  readonly command: string;
  /** First letter of the state, as ps shows it: T stopped, Z ended and not yet waited for. */
  readonly state: string;
}

/** Source: proc_pid_stat(5), field 3, behind the name in brackets; proc_pid_cmdline(5). */
function lookInProc(pid: number): Seen | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").join(" ");
    return { command, state: stat.slice(stat.lastIndexOf(")") + 2)[0] ?? "" };
  } catch {
    return undefined; // it ended this moment, or before
  }
}

function lookWithPs(pid: number): Seen | undefined {
  const { status, stdout } = spawnSync("ps", ["-o", "state=,command=", "-ww", "-p", String(pid)], { encoding: "utf8" });
  return status === 0 ? { command: stdout, state: stdout.trim()[0] ?? "" } : undefined;
}

/** The nodes are told everything by their files; what is set for other nodes is none of theirs. */
function withoutSettings(environment: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("P2P_SYNC_")));
}
