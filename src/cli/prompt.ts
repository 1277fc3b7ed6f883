/**
 * The prompt of a running node. It works on the node directly, one line after the other, and
 * shows what others write while it waits.
 */
import { clearLine, createInterface, cursorTo, type Interface } from "node:readline";
import { convergenceView, keyExplanationView } from "../api/insight-views.ts";
import { diagnosisView } from "../api/doctor-views.ts";
import { netCheckView } from "../api/netcheck-views.ts";
import { staleView } from "../api/stale-views.ts";
import { entryView, explanationView, infoView, peerView, statusView, valueView } from "../api/views.ts";
import type { Change, NodeFacade } from "../node/facade.ts";
import { describeFailure } from "./failure.ts";
import { describeConvergence, describeKey } from "./describe-insight.ts";
import { describeExplanation, describeInfo, describePeers, describeStatus } from "./describe.ts";
import { describeDiagnosis } from "./describe-doctor.ts";
import { describeNetcheck } from "./describe-netcheck.ts";
import { describeStale } from "./describe-stale.ts";
import { parsePromptLine, promptHelp, promptWords, type PromptCommand } from "./prompt-line.ts";
import type { Shell } from "./shell.ts";
import { painter, preview, printable, table } from "./text.ts";

/** Lines of others' changes shown per second; more are counted. Guess: what an eye can follow. */
const notesPerSecondMax = 5;
const listedMax = 1_000;

export type PromptEnd = "exit command" | "end of input" | "interrupt" | "terminal lost";

type PromptShell = Pick<Shell, "stdin" | "stdout" | "environment">;

export interface Prompt {
  /** Puts text above the prompt and what is typed there. */
  say(text: string): void;
  /** Resolves when the user is done or `stopping` says so. */
  run(stopping: AbortSignal): Promise<PromptEnd>;
}

export function createPrompt(facade: NodeFacade, shell: PromptShell): Prompt {
  const lines = createInterface({
    input: shell.stdin,
    output: shell.stdout,
    prompt: "p2p-sync> ",
    historySize: 200,
    completer: completeWord,
  });
  const screen = createScreen(lines, shell);
  return { say: screen.say, run: (stopping) => runPrompt(facade, shell, lines, screen, stopping) };
}

interface Screen {
  /** The prompt again, unless the input has ended meanwhile. */
  prompt(): void;
  say(text: string): void;
}

function createScreen(lines: Interface, { stdout }: PromptShell): Screen {
  let open = true;
  lines.once("close", () => (open = false));
  return {
    prompt: () => {
      if (open) lines.prompt();
    },
    say: (text) => {
      cursorTo(stdout, 0);
      clearLine(stdout, 0);
      stdout.write(text);
      if (open) lines.prompt(true);
    },
  };
}

async function runPrompt(
  facade: NodeFacade,
  shell: PromptShell,
  lines: Interface,
  screen: Screen,
  stopping: AbortSignal,
): Promise<PromptEnd> {
  let end: PromptEnd = "end of input";
  const finish = (reason: PromptEnd): void => {
    end = reason;
    lines.close();
  };
  const done = new AbortController();
  stopping.addEventListener("abort", () => lines.close(), { once: true });
  lines.on("SIGINT", () => finish("interrupt"));
  const changes = showChanges(facade, screen.say, done.signal);
  screen.prompt();
  try {
    for await (const line of lines) {
      const command = parsePromptLine(line);
      if (command.type === "exit") {
        finish("exit command");
        break;
      }
      shell.stdout.write(await runLine(command, facade, shell));
      screen.prompt();
    }
  } catch {
    end = "terminal lost"; // reading failed: whoever sat there is gone, which ends a node as ctrl-D does
  }
  done.abort();
  await changes;
  return end;
}

/** The text to print. A command that fails says why and leaves the prompt alive. */
async function runLine(
  command: PromptCommand,
  facade: NodeFacade,
  shell: Pick<PromptShell, "stdout" | "environment">,
): Promise<string> {
  try {
    return await runCommand(command, facade, shell);
  } catch (error) {
    return describeFailure(error, "", false).text;
  }
}

async function runCommand(
  command: PromptCommand,
  facade: NodeFacade,
  shell: Pick<PromptShell, "stdout" | "environment">,
): Promise<string> {
  switch (command.type) {
    case "add":
      await facade.put(command.key, Buffer.from(command.value, "utf8"), ttlOf(command));
      return "ok\n";
    case "get": {
      const entry = await facade.get(command.key);
      return entry === undefined ? `${printable(command.key)}: no value\n` : `${valueText(entry.value)}\n`;
    }
    case "delete":
      await facade.delete(command.key);
      return "ok\n";
    case "list":
      return await listText(facade, command.prefix);
    case "status":
      return describeStatus(statusView(await facade.status(), facade.info()));
    case "peers":
      return describePeers(facade.peers().map(peerView), painter(shell));
    case "why":
      return describeExplanation(explanationView(await facade.why(command.target)));
    case "explain":
      return describeKey(keyExplanationView(await facade.explain(command.key)));
    case "converged":
      return describeConvergence(convergenceView(await facade.converged(), Date.now()), painter(shell));
    case "stale":
      return describeStale(staleView(await facade.stale.report()), Date.now(), painter(shell));
    case "netcheck":
      return describeNetcheck(netCheckView(await facade.netcheck()), painter(shell));
    case "doctor":
      return describeDiagnosis(diagnosisView(await facade.doctor()), painter(shell));
    case "info":
      return describeInfo(infoView(facade.info()));
    case "help":
      return promptHelp;
    case "wrong":
      return `${printable(command.message)}\n`;
    case "nothing":
    case "exit":
      return "";
  }
}

function ttlOf({ ttlSeconds }: { readonly ttlSeconds?: number }): { readonly ttlSeconds?: number } {
  return ttlSeconds === undefined ? {} : { ttlSeconds };
}

async function listText(facade: NodeFacade, prefix: string): Promise<string> {
  const { entries, next } = await facade.page({ limit: listedMax, ...(prefix !== "" && { prefix }) });
  if (entries.length === 0) return "nothing there\n";
  const rows = entries.map(entryView).map((entry) => [printable(entry.key), preview(entry.value, entry.encoding)]);
  return `${table(["KEY", "VALUE"], rows)}${next === undefined ? "" : `… and more; p2p-sync list shows all\n`}`;
}

function valueText(value: Uint8Array): string {
  return printable(Buffer.from(value).toString("utf8"));
}

async function showChanges(facade: NodeFacade, say: Prompt["say"], signal: AbortSignal): Promise<void> {
  let [second, shown] = [0, 0];
  try {
    const own = facade.info().peerId;
    for await (const change of facade.watch({ signal })) {
      if (change.author === own) continue;
      const now = Math.floor(Date.now() / 1_000);
      if (now !== second) [second, shown] = [now, 0];
      shown += 1;
      if (shown <= notesPerSecondMax) say(changeText(change));
      else if (shown === notesPerSecondMax + 1) say("… more changes arrive\n");
    }
  } catch (error) {
    say(`no more changes are shown: ${describeFailure(error, "", false).text}`);
  }
}

function changeText(change: Change): string {
  const from = `(from …${change.author.slice(-6)})`;
  if (change.value === undefined)
    return `  ${printable(change.key)} ${change.type === "expire" ? "expired" : "deleted"} ${from}\n`;
  const { value, encoding } = valueView(change.value);
  return `  ${printable(change.key)} = ${preview(value, encoding)} ${from}\n`;
}

function completeWord(line: string): [string[], string] {
  const found = promptWords.filter((word) => word.startsWith(line)).map((word) => `${word} `);
  return [line.includes(" ") ? [] : found, line];
}
