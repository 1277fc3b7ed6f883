/**
 * The flags of `start` and `config`, made from the table of settings.
 */
import { Option, type Command } from "commander";
import type { ConfigSources } from "../config/load-config.ts";
import type { Setting } from "../config/setting-types.ts";
import { settingNames, settingOf, type SettingName } from "../config/settings.ts";
import type { Shell } from "./shell.ts";

export function addConfigFlags(command: Command): Command {
  command.option(
    "--config <FILE>",
    "configuration file instead of config.toml in the data folder (environment P2P_SYNC_CONFIG)",
  );
  for (const name of settingNames) {
    const option = optionOf(settingOf(name));
    if (option !== undefined) command.addOption(option);
  }
  return command;
}

/** Only what was really given: commander also has values for flags nobody used. */
export function configSourcesOf(command: Command, { environment, workingDir, homeDir }: Shell): ConfigSources {
  const flags: Partial<Record<SettingName, string | readonly string[] | boolean>> = {};
  for (const name of settingNames) {
    const attribute = optionOf(settingOf(name))?.attributeName();
    if (attribute !== undefined && command.getOptionValueSource(attribute) === "cli") {
      flags[name] = command.getOptionValue(attribute) as string | readonly string[] | boolean;
    }
  }
  return { flags, file: command.getOptionValue("config") as string | undefined, environment, workingDir, homeDir };
}

function optionOf(setting: Setting): Option | undefined {
  if (setting.flag === undefined) return undefined;
  const repeatable = setting.type === "list";
  const effect = setting.flag.startsWith("--no-") ? doNot(setting.effect) : setting.effect;
  const option = new Option(setting.flag, `${effect}${defaultNote(setting)}${repeatable ? " May be repeated." : ""}`);
  if (repeatable)
    option.argParser((word: string, earlier: readonly string[] | undefined) => [...(earlier ?? []), word]);
  return option;
}

function doNot(effect: string): string {
  return `Do not ${effect.charAt(0).toLowerCase()}${effect.slice(1)}`;
}

function defaultNote(setting: Setting): string {
  if (setting.default === "" || setting.type === "boolean" || setting.type === "list") return "";
  return ` Default: ${String(setting.default)}.`;
}
