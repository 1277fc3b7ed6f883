/** A node on a host of its own, spoken to by the command inside that host, as a person there would. */
import { spawn } from "node:child_process";
import type { PeerView } from "../../src/api/views.ts";
import { command, type NodeProcess, type Nursery, type StartOptions } from "../support/real-node.ts";
import { until } from "../support/until.ts";

/** Guess: five times what it takes on an idle machine. */
const deadlineMs = 40_000;
/** Guess: these stories start nodes while other tests keep the machine busy. */
const startMsMax = 60_000;

export interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class AtHost {
  readonly name: string;
  readonly id: string;
  readonly process: NodeProcess;
  readonly #namespace: string;

  private constructor(name: string, namespace: string, process: NodeProcess, id: string) {
    this.name = name;
    this.#namespace = namespace;
    this.process = process;
    this.id = id;
  }

  static async start(
    nursery: Nursery,
    name: string,
    namespace: string,
    options: Partial<StartOptions> = {},
  ): Promise<AtHost> {
    const wrap = ["ip", "netns", "exec", namespace];
    const process = nursery.spawn(name, { wrap, port: 4001, httpPort: 9001, listen: undefined, ...options });
    const { peer } = await process.ready(startMsMax);
    return new AtHost(name, namespace, process, peer);
  }

  async put(key: string, value: string): Promise<void> {
    const { code, stderr } = await this.say("put", key, value);
    if (code !== 0) throw new Error(`put on ${this.name} ended with ${code}: ${stderr}`);
  }

  async untilReads(key: string, value: string): Promise<void> {
    const reads = async (): Promise<boolean> => (await this.say("get", key)).stdout === value;
    await until(`${this.name} reads ${key} as ${value}`, reads, { deadlineMs, everyMs: 200 });
  }

  /** Resolves with where the others are, once all are linked. */
  async untilLinkedWith(...others: readonly AtHost[]): Promise<readonly string[]> {
    let seen: readonly PeerView[] = [];
    const linked = async (): Promise<readonly string[] | undefined> => {
      seen = (JSON.parse((await this.say("peers", "--json")).stdout) as { readonly peers: readonly PeerView[] }).peers;
      const at = others.flatMap(({ id }) => seen.find((peer) => peer.id === id && isLinked(peer))?.address ?? []);
      return at.length === others.length ? at : undefined;
    };
    const what = `${this.name} is linked with ${others.map(({ name }) => name).join(", ")}`;
    return await until(what, linked, { deadlineMs, everyMs: 200, seen: () => seen });
  }

  /** A command as typed on that host. */
  async say(...words: readonly string[]): Promise<Said> {
    const { dataDir } = this.process.options;
    return await sayIn(this.#namespace, [command, ...words, "--data-dir", dataDir]);
  }
}

/** Any program in a namespace, to its end. */
export async function sayIn(namespace: string, words: readonly string[]): Promise<Said> {
  const child = spawn("ip", ["netns", "exec", namespace, ...words], { stdio: ["ignore", "pipe", "pipe"] });
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (data: Buffer) => (said.stdout += data.toString()));
  child.stderr.on("data", (data: Buffer) => (said.stderr += data.toString()));
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, ...said }));
  });
}

function isLinked({ state }: PeerView): boolean {
  return state === "Connected" || state === "Syncing";
}
