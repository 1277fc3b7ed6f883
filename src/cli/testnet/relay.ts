/**
 * The command's end of the way into network namespaces: one relay process per namespace, started
 * when it is first needed and gone with the command.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Fault } from "../../base/fault.ts";

const workerFile = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "./relay-worker.ts" : "./relay-worker.js", import.meta.url),
);

export class Relays {
  readonly #relays = new Map<string, Promise<Relay>>();

  /** Resolves with what makes a connection to a port of 127.0.0.1 in that namespace. */
  async into(namespace: string, port: number): Promise<() => Socket> {
    let relay = this.#relays.get(namespace);
    if (relay === undefined) this.#relays.set(namespace, (relay = startRelay(namespace)));
    const { path } = await relay;
    return () => {
      const socket = connect(path);
      socket.write(`${port}\n`);
      return socket;
    };
  }

  /** Ends them before the command ends, for namespaces that are to be removed. */
  async end(): Promise<void> {
    const started = await Promise.allSettled(this.#relays.values());
    this.#relays.clear();
    for (const each of started) if (each.status === "fulfilled") each.value.child.stdin?.end();
  }
}

interface Relay {
  readonly child: ChildProcess;
  /** Of its socket. */
  readonly path: string;
}

/** Resolves once it listens. Does not keep the command from ending. */
async function startRelay(namespace: string): Promise<Relay> {
  const path = join(tmpdir(), `${namespace}-${process.pid}.sock`); // short: a socket's path has at most 107 bytes
  const parameters = ["netns", "exec", namespace, process.execPath, workerFile, path];
  const child = spawn("ip", parameters, { stdio: ["pipe", "pipe", "pipe"] });
  let words = "";
  child.stderr.on("data", (data: Buffer) => (words += data.toString()));
  await new Promise<void>((resolve, reject) => {
    child.stdout.once("data", () => resolve());
    child.once("error", reject);
    child.once("close", () =>
      reject(new Fault("testnet_failed", `no way into the namespace ${namespace}: ${words.trim()}`)),
    );
  });
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as unknown as Socket).unref();
  return { child, path };
}
