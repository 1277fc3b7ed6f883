/**
 * `doctor`: what is wrong with a node and its machine, and what to do. A running node is asked; where none answers, this
 * process looks at the machine with the configuration that `start` would use.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { type DiagnosisView, diagnosisView } from "../../api/doctor-views.ts";
import { Fault } from "../../base/fault.ts";
import { type ConfigSources, loadConfig } from "../../config/load-config.ts";
import type { Problem } from "../../config/problem.ts";
import type { Config } from "../../config/settings.ts";
import { diagnose } from "../../node/doctor/diagnose.ts";
import type { DoctorFacts } from "../../node/doctor/facts.ts";
import { factsOfMistakes, holderOf, lookWithoutNode } from "../../node/doctor/look.ts";
import { addConfigFlags, configSourcesOf } from "../config-flags.ts";
import { describeDiagnosis } from "../describe-doctor.ts";
import type { ExitCode } from "../failure.ts";
import { askJson } from "../http-client.ts";
import type { Shell } from "../shell.ts";
import { resolveTarget, type TargetOptions, urlFileName } from "../target.ts";
import { painter } from "../text.ts";
import { jsonLine, type Registry } from "../verb.ts";

const exitOf: Readonly<Record<DiagnosisView["status"], ExitCode>> = { ok: 0, warning: 1, critical: 2 };

/** Within it a node that is alive says so. Guess: a hundred times what a busy one needs. */
const aliveMsMax = 3_000;
/** Within it a node has looked at its machine and asked what it must. Guess: its own bounds come to less. */
const answerMsMax = 15_000;

export function addDoctor({ program, shell, outcome }: Registry): void {
  const command: Command = addConfigFlags(program.command("doctor"))
    .description(
      "What is wrong with a node and its machine, and what to do: exit code 0 nothing, 1 warning, 2 critical",
    )
    .option("--api <URL>", "ask the node at this address only (environment P2P_SYNC_API)")
    .option("--token <TOKEN>", "its token (better in the environment: P2P_SYNC_TOKEN)")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      `
It works with and without a running node; give it the flags that start was given. docs/DOCTOR.md lists every cause.

Examples:
  p2p-sync doctor
  p2p-sync doctor --port 4001 --dial /ip4/192.168.1.5/tcp/4001
  p2p-sync doctor --json | jq '.causes[].code'`,
    );
  command.action(async () => {
    const options = command.opts<TargetOptions & { readonly json?: boolean }>();
    const view = await examine(shell, options, configSourcesOf(command, shell));
    shell.stdout.write(options.json === true ? jsonLine(view) : describeDiagnosis(view, painter(shell)));
    outcome.exit = exitOf[view.status];
  });
}

async function examine(shell: Shell, options: TargetOptions, sources: ConfigSources): Promise<DiagnosisView> {
  const api = options.api ?? shell.environment["P2P_SYNC_API"];
  if (api !== undefined) return await askNode(shell, options); // perhaps of another machine, so nothing here matters
  const config = configOf(sources);
  if ("problems" in config) return diagnosisView(diagnose(factsOfMistakes(config.problems)));
  const hasTold = existsSync(join(config.dataDir, urlFileName));
  const holder = holderOf(config.dataDir);
  if (!hasTold || holder === undefined) return await lookHere(config, absent(hasTold, holder));
  try {
    return await askNode(shell, { ...options, dataDir: config.dataDir });
  } catch (error) {
    if (!(error instanceof Fault && error.code === "no_node")) throw error;
    return await lookHere(config, { type: "silent", holder, error: error.message.replace(/\.$/, "") });
  }
}

type NodeThatDoesNotAnswer = Parameters<typeof lookWithoutNode>[1];

function absent(hasTold: boolean, holder: string | undefined): NodeThatDoesNotAnswer {
  if (holder !== undefined) return { type: "silent", holder, error: "it has not told its address yet" };
  return { type: hasTold ? "died" : "absent" };
}

async function lookHere(config: Config, node: NodeThatDoesNotAnswer): Promise<DiagnosisView> {
  return diagnosisView(diagnose(await lookWithoutNode(config, node)));
}

async function askNode(shell: Shell, options: TargetOptions): Promise<DiagnosisView> {
  const target = resolveTarget(shell, options);
  await askJson(target, { method: "GET", path: "/livez", withinMs: aliveMsMax });
  return await askJson<DiagnosisView>(target, { method: "GET", path: "/v1/doctor", withinMs: answerMsMax });
}

function configOf(sources: ConfigSources): Config | { readonly problems: DoctorFacts["configProblems"] } {
  try {
    return loadConfig(sources).config;
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "invalid_config") throw error;
    const problems = error.details["problems"] as readonly Problem[] | undefined;
    return { problems: problems?.map(({ message }) => message) ?? [error.message] };
  }
}
