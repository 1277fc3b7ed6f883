/**
 * The life of a node process: configuration, node, HTTP API, ready line, then waiting for the
 * first reason to stop, and stopping in the opposite order within a bound.
 */
import { startApiServer, type ApiServer } from "../../api/server.ts";
import type { Fault } from "../../base/fault.ts";
import { loadConfig, type ConfigSources, type LoadedConfig } from "../../config/load-config.ts";
import type { Config } from "../../config/settings.ts";
import { describePortHolder } from "../../node/port-holder.ts";
import type { RunningNode, SettingChange } from "../../node/facade.ts";
import { describeReload } from "../describe-reload.ts";
import { describeFailure, type ExitCode } from "../failure.ts";
import { createPrompt, type Prompt } from "../prompt.ts";
import type { Shell } from "../shell.ts";
import { announceLan, isFirstStart, welcomeText } from "./first-start.ts";
import { removeUrlFile, writeUrlFile } from "./http-url-file.ts";
import { readyLine } from "./ready-line.ts";
import { checkPortFree } from "./port-check.ts";
import { listenForSignals, type StopSignals } from "./stop-signals.ts";

/** Source: outside contract. */
const stopMsMax = 5_000;

export type NodeFactory = (config: Config) => Promise<RunningNode>;

export interface StartRequest {
  readonly shell: Shell;
  readonly sources: ConfigSources;
  readonly promptWanted: boolean;
  readonly createNode: NodeFactory;
}

interface Serving {
  readonly node: RunningNode;
  readonly api: ApiServer;
}

/** Resolves with the exit code once everything is stopped; throws what kept the node from starting. */
export async function runNode(request: StartRequest): Promise<ExitCode> {
  const { shell, sources, createNode } = request;
  const prompting = request.promptWanted && shell.stdin.isTTY === true && shell.stdout.isTTY === true;
  const loaded = loadConfig(sources);
  for (const warning of loaded.warnings) shell.stderr.write(`warning: ${warning}\n`);
  const config = prompting ? quietBehindPrompt(loaded) : loaded.config;
  const first = isFirstStart(config.dataDir);
  let running: RunningNode | undefined;
  const signals = listenForSignals({
    force: (signal) => endNow(shell, `stopped at once by a second signal (${signal})`),
    reload: prompting ? undefined : () => reloadOnSignal(request, running),
  });
  try {
    await checkPortFree(config.httpHost, config.httpPort); // before the node joins a network it would leave at once
    const node = (running = await createNode(config));
    const serving = await serve(node, config, shell, () => reload(request, prompting, node));
    const done = new AbortController();
    shell.stdout.write(readyLine(running.facade.info(), serving.api.url));
    if (first) shell.stderr.write(welcomeText(config.networkName));
    const prompt = prompting ? createPrompt(running.facade, shell) : undefined;
    if (first) announceLan(running.facade, prompt?.say ?? ((text) => void shell.stderr.write(text)), done.signal);
    const cause = await reasonToStop(serving, signals, prompt, done);
    signals.arm();
    return await stop(serving, config, shell, cause);
  } finally {
    signals.release();
  }
}

async function serve(
  node: RunningNode,
  config: Config,
  shell: Shell,
  reloadConfig: () => readonly SettingChange[],
): Promise<Serving> {
  let api: ApiServer | undefined;
  try {
    api = await startApiServer({
      facade: node.facade,
      host: config.httpHost,
      port: config.httpPort,
      token: node.apiToken,
      version: shell.version,
      describePortHolder,
      reloadConfig,
      report: (error, where) =>
        shell.stderr.write(`error: ${where} failed: ${String((error as Error)?.stack ?? error)}\n`),
    });
    node.announceHttp(api.url);
    await writeUrlFile(config.dataDir, api.url);
    return { node, api };
  } catch (error) {
    await api?.close();
    await node.facade.stop("the HTTP API could not be started");
    throw error;
  }
}

type Cause = { readonly reason: string } | { readonly fault: Fault };

async function reasonToStop(
  { node }: Serving,
  signals: StopSignals,
  prompt: Prompt | undefined,
  done: AbortController,
): Promise<Cause> {
  const causes: Promise<Cause>[] = [
    signals.asked.then((signal) => ({ reason: signal })),
    node.stopped.then((fault) => (fault === undefined ? { reason: "stopped" } : { fault })),
  ];
  const prompted = prompt?.run(done.signal);
  if (prompted !== undefined) causes.push(prompted.then((end) => ({ reason: end })));
  try {
    return await Promise.race(causes);
  } finally {
    done.abort();
    await prompted;
  }
}

/** The API takes nobody any more from the first moment; who waits for the node is answered by it as it stops. */
async function stop({ node, api }: Serving, config: Config, shell: Shell, cause: Cause): Promise<ExitCode> {
  const late = setTimeout(
    () => endNow(shell, `stopping took over ${stopMsMax / 1_000} s and was cut short`),
    stopMsMax,
  );
  try {
    await removeUrlFile(config.dataDir, api.url);
    await Promise.all([api.close(), node.facade.stop("reason" in cause ? cause.reason : cause.fault.message)]);
  } finally {
    clearTimeout(late);
  }
  if ("reason" in cause) return 0;
  const failure = describeFailure(cause.fault, "start", false);
  shell.stderr.write(failure.text);
  return failure.exit;
}

/** Reads all sources again; an invalid file throws and changes nothing. */
function reload({ sources }: StartRequest, prompting: boolean, node: RunningNode): readonly SettingChange[] {
  const loaded = loadConfig(sources);
  return node.applyConfig(prompting ? quietBehindPrompt(loaded) : loaded.config).changes;
}

function reloadOnSignal(request: StartRequest, node: RunningNode | undefined): void {
  if (node === undefined) return;
  try {
    request.shell.stderr.write(`configuration read again: ${describeReload(reload(request, false, node))}`);
  } catch (error) {
    request.shell.stderr.write(`configuration not taken over: ${describeFailure(error, "", false).text}`);
  }
}

/** Log lines between typed words help nobody, unless somebody asked for them. */
function quietBehindPrompt({ config, origins }: LoadedConfig): Config {
  return origins.logLevel.type === "default" ? Object.freeze({ ...config, logLevel: "warn" }) : config;
}

function endNow({ stderr }: Shell, message: string): never {
  stderr.write(`p2p-sync: ${message}\n`);
  process.exit(1);
}
