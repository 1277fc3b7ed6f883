/**
 * What becomes of single nodes and of the whole: `add`, `kill`, `pause`, `resume`, `restart`,
 * `wipe`, `down`.
 */
import type { Command } from "commander";
import type { Testnet } from "../../testnet/testnet.ts";
import { parseNode } from "../../testnet/words.ts";
import type { Registry } from "../../verb.ts";
import { createProgressLine } from "./progress-line.ts";
import { asTestnetVerb, report, type TestnetContext } from "./verb.ts";

export function addTestnetLife(group: Command, registry: Registry): void {
  addAdd(group, registry);
  onNode(group, registry, "kill", "kill -9 a node; its data stay", "killed", async (testnet, node) => {
    await testnet.kill(node);
  });
  onNode(
    group,
    registry,
    "pause",
    "Freeze a node (SIGSTOP): its sockets stay open, it does nothing",
    "paused",
    (testnet, node) => {
      testnet.pause(node);
      return Promise.resolve();
    },
  );
  onNode(group, registry, "resume", "Let a paused node go on (SIGCONT)", "goes on", async (testnet, node) => {
    await testnet.resume(node);
  });
  onNode(
    group,
    registry,
    "restart",
    "Stop a node where it runs, and start it with its data",
    "restarted",
    async (testnet, node, context) => {
      await testnet.restart(node);
      await untilLinked(testnet, context);
    },
  );
  onNode(
    group,
    registry,
    "wipe",
    "Stop a node, delete its store and start it empty, with its old identity and ports",
    "begins empty",
    async (testnet, node, context) => {
      await testnet.wipe(node);
      await untilLinked(testnet, context);
    },
  );
  addDown(group, registry);
}

function addAdd(group: Command, registry: Registry): void {
  const command = group.command("add").description("One node more");
  asTestnetVerb(command, registry, async (context) => {
    const testnet = context.open();
    const node = await testnet.add();
    await untilLinked(testnet, context);
    report(context, `node ${node.number} joined: p2p ${node.p2p}, http ${node.http}`, { node: node.number, ...node });
  });
}

function addDown(group: Command, registry: Registry): void {
  const command = group
    .command("down")
    .description("Stop all nodes; nothing but processes that are surely this testnet's is ended")
    .option("--wipe", "also remove everything the testnet has made");
  asTestnetVerb<{ wipe?: boolean }>(command, registry, async (context) => {
    const testnet = context.open();
    const stopped = await testnet.down();
    const wiped = context.options.wipe === true;
    const isGone = wiped && testnet.wipeFolder();
    const left = wiped && !isGone ? `; other files in ${context.dir} were left` : "";
    report(context, `${stopped} nodes stopped${wiped ? ", data removed" : ""}${left}`, { stopped, wiped });
  });
}

type NodeAct = (testnet: Testnet, node: number, context: TestnetContext<object>) => Promise<void>;

function onNode(group: Command, registry: Registry, name: string, about: string, done: string, act: NodeAct): void {
  const command = group.command(`${name} <N>`).description(about);
  asTestnetVerb(command, registry, async (context, text = "") => {
    const node = parseNode(text);
    await act(context.open(), node, context);
    report(context, `node ${node} ${done}`, { node });
  });
}

async function untilLinked(testnet: Testnet, { shell }: TestnetContext<object>): Promise<void> {
  const line = createProgressLine(shell);
  await testnet.untilLinked(line.show);
  line.end();
}
