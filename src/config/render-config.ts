/**
 * A configuration as TOML text that says what each key means. What it writes reads back as the
 * same configuration. `config show` writes every value plainly; `init` leaves defaults commented
 * out, so that a later version's better default is not pinned.
 */
import { formatByteSize } from "../base/byte-size.ts";
import { sectionOf } from "./config-file.ts";
import type { LoadedConfig, Origin } from "./load-config.ts";
import type { Setting, SettingValue } from "./setting-types.ts";
import { environmentNameOf, flagNameOf, settingNames, settingOf, type SettingName } from "./settings.ts";

export function renderConfig(loaded: LoadedConfig, defaults: "plain" | "commented"): string {
  const lines = [
    "# Configuration of one P2P Sync node.",
    "# Flags win over environment variables, those over this file, this file over the defaults.",
  ];
  let section = "";
  for (const name of settingNames) {
    const setting = settingOf(name);
    const origin = loaded.origins[name];
    if (setting.hidden === true && origin.type === "default") continue;
    if (sectionOf(setting.key) !== section) {
      section = sectionOf(setting.key);
      lines.push("", `[${section}]${section === "network" ? " # must be the same on all members" : ""}`);
    }
    const commented = defaults === "commented" && origin.type === "default";
    const value = commented ? setting.default : loaded.config[name];
    lines.push(
      "",
      `# ${setting.effect}`,
      `# ${describe(setting)}${originNote(origin)}`,
      `${commented ? "# " : ""}${assignment(setting, value)}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

/** The whole table as Markdown, for the reference document. */
export function renderReference(): string {
  const head =
    "| key | flag | environment | default | range | when it changes | effect | source |\n|---|---|---|---|---|---|---|---|\n";
  const rows = settingNames.map((name) => referenceRow(name, settingOf(name)));
  return `${head}${rows.filter((row) => row !== undefined).join("\n")}\n`;
}

function referenceRow(_name: SettingName, setting: Setting): string | undefined {
  if (setting.hidden === true) return undefined;
  const flag = flagNameOf(setting);
  const cells = [
    `\`${setting.key}\``,
    flag === undefined ? "" : `\`${flag}\``,
    `\`${environmentNameOf(setting)}\``,
    `\`${tomlOf(setting.default)}\``,
    rangeOf(setting),
    setting.reload === "live" ? "at once" : "restart",
    setting.effect,
    setting.source,
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function describe(setting: Setting): string {
  const flag = flagNameOf(setting);
  const names = [flag, environmentNameOf(setting)].filter((name) => name !== undefined).join(", ");
  const change = setting.reload === "live" ? "Taken over while running" : "Needs a restart";
  return `${rangeOf(setting)}, default ${tomlOf(setting.default)}. ${change}. ${names}`;
}

function rangeOf(setting: Setting): string {
  switch (setting.type) {
    case "integer":
      return `${setting.min} to ${setting.max}${setting.unit === "" || setting.unit === "port" ? "" : ` (${setting.unit})`}`;
    case "size": {
      const per = setting.unit === "bytes/s" ? " a second" : "";
      return `off, or ${formatByteSize(setting.min)} to ${formatByteSize(setting.max)}${per}`;
    }
    case "boolean":
      return "true or false";
    case "choice":
      return setting.choices.join(" or ");
    case "text":
      return "text";
    case "list":
      return `list of up to ${setting.itemsMax}`;
    case "choiceList":
      return `list out of ${setting.choices.join(", ")}`;
  }
}

function originNote(origin: Origin): string {
  switch (origin.type) {
    case "flag":
      return `. Set by ${origin.name}`;
    case "environment":
      return `. Set by ${origin.name}`;
    case "file":
      return `. Set in ${origin.path}`;
    case "default":
      return "";
  }
}

function assignment(setting: Setting, value: SettingValue): string {
  return `${setting.key.split(".").at(-1)} = ${tomlOf(value)}`;
}

/** JSON's form of text, numbers, booleans and lists is also TOML's, but for the character DEL. */
function tomlOf(value: SettingValue): string {
  return JSON.stringify(value).replaceAll("\u007f", "\\u007f").replaceAll('","', '", "');
}
