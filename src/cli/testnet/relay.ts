/**
 * The command's end of the way into network namespaces: one relay process per namespace, started
 * when it is first needed and gone with the command.
 */
import { spawn } from "node:child_process";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Fault } from "../../base/fault.ts";

const workerFile = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "./relay-worker.ts" : "./relay-worker.js", import.meta.url),
);

export class Relays {
  readonly #relays = new Map<string, Promise<string>>();

  /** Resolves with what makes a connection to a port of 127.0.0.1 in that namespace. */
  async into(namespace: string, port: number): Promise<() => Socket> {
    let relay = this.#relays.get(namespace);
    if (relay === undefined) this.#relays.set(namespace, (relay = startRelay(namespace)));
    const path = await relay;
    return () => {
      const socket = connect(path);
      socket.write(`${port}\n`);
      return socket;
    };
  }
}

/** Resolves with the path of its socket once it listens. Does not keep the command from ending. */
async function startRelay(namespace: string): Promise<string> {
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
  return path;
}
