/**
 * `config show`, `config check`, `config init` and `config reload`; `init` alone is the same as `config init`.
 */
import { writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Command } from "commander";
import { makeFolder } from "../../drivers/system/make-folder.ts";
import { Fault } from "../../base/fault.ts";
import { loadConfig, type LoadedConfig } from "../../config/load-config.ts";
import { settingNames, settingOf } from "../../config/settings.ts";
import { renderConfig } from "../../config/render-config.ts";
import type { Problem } from "../../config/problem.ts";
import { addConfigFlags, configSourcesOf } from "../config-flags.ts";
import type { ReloadView } from "../../api/reload-views.ts";
import { describeReload } from "../describe-reload.ts";
import { askJson } from "../http-client.ts";
import { asVerb, jsonLine, type Registry } from "../verb.ts";

export function addConfig(registry: Registry): void {
  const group = registry.program.command("config").description("The configuration: show, check, init, reload");
  addShow(group, registry);
  addCheck(group, registry);
  addInit(group, registry);
  addReload(group, registry);
}

function addReload(group: Command, registry: Registry): void {
  const command = group
    .command("reload")
    .description("Let the running node read its configuration again; exit code 1 where a setting was refused");
  asVerb(command, registry, async ({ target, json, print }) => {
    const view = await askJson<ReloadView>(target, { method: "POST", path: "/v1/config/reload" });
    print(json ? jsonLine(view) : describeReload(view.changes).trimStart());
    return view.changes.some(({ outcome }) => outcome === "refused") ? 1 : 0;
  });
}

/** Writes a commented config.toml, into the data folder unless `--config` names a file. */
export function addInit(parent: Command, { shell }: Registry): void {
  const command = addConfigFlags(parent.command("init"))
    .description("Write a commented config.toml; flags given here become its values")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  p2p-sync init --port 4101 --network friends");
  command.action(() => {
    const sources = configSourcesOf(command, shell);
    const target = sources.file;
    const loaded = loadConfig({ ...sources, file: undefined, environment: withoutConfigFile(sources.environment) });
    const file = target === undefined ? join(loaded.config.dataDir, "config.toml") : resolve(shell.workingDir, target);
    writeNew(file, renderConfig(loaded, "commented"));
    shell.stdout.write(command.opts<{ json?: boolean }>().json === true ? jsonLine({ file }) : `wrote ${file}\n`);
  });
}

function addShow(group: Command, { shell }: Registry): void {
  const command = addConfigFlags(group.command("show"))
    .description("Print the configuration that start would use with the same flags, and where each value comes from")
    .option("--json", "print JSON");
  command.action(() => {
    const loaded = loadConfig(configSourcesOf(command, shell));
    shell.stdout.write(
      command.opts<{ json?: boolean }>().json === true ? jsonLine(jsonOf(loaded)) : renderConfig(loaded, "plain"),
    );
  });
}

function addCheck(group: Command, { shell, outcome }: Registry): void {
  const command = addConfigFlags(group.command("check"))
    .description("Check the configuration and name every problem with file and line; exit code 2 where there is one")
    .option("--json", "print JSON");
  command.action(() => {
    const json = command.opts<{ json?: boolean }>().json === true;
    try {
      const { file, warnings } = loadConfig(configSourcesOf(command, shell));
      shell.stdout.write(
        json
          ? jsonLine({ ok: true, file: file ?? null, problems: [], warnings })
          : `ok${file === undefined ? ", no file, defaults only" : `: ${file}`}\n`,
      );
      if (!json) for (const warning of warnings) shell.stderr.write(`warning: ${warning}\n`);
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== "invalid_config") throw error;
      const problems = (error.details["problems"] as readonly Problem[] | undefined) ?? [{ message: error.message }];
      if (json) shell.stdout.write(jsonLine({ ok: false, problems }));
      else for (const problem of problems) shell.stderr.write(`${problem.message}\n`);
      outcome.exit = 2;
    }
  });
}

function jsonOf({ config, origins }: LoadedConfig): object {
  return Object.fromEntries(
    settingNames.map((name) => [settingOf(name).key, { value: config[name], origin: origins[name] }]),
  );
}

function withoutConfigFile(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const { P2P_SYNC_CONFIG: _, ...rest } = environment;
  return rest;
}

function writeNew(file: string, text: string): void {
  try {
    makeFolder(dirname(file));
    writeFileSync(file, text, { flag: "wx", mode: 0o600 });
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === "EEXIST";
    const reason = exists
      ? "it exists already; move it away first, or name another with --config"
      : (error as Error).message;
    throw new Fault(
      exists ? "invalid_argument" : "data_dir_unusable",
      `${file} was not written: ${reason}.`,
      { file },
      error,
    );
  }
}
