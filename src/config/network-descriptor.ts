/**
 * The agreed part of a configuration as one canonical text. Its hash is the network's id, so
 * nodes that would not understand each other never share a network. The text lists every
 * `network` setting by key, sorted, with its value as JSON; adding a setting or changing a value
 * makes another network.
 */
import { settingNames, settingOf, type Config } from "./settings.ts";

export function networkDescriptor(config: Config): string {
  const lines = settingNames
    .filter((name) => settingOf(name).group === "network")
    .map((name) => `${settingOf(name).key}=${JSON.stringify(config[name])}`)
    .sort();
  return `p2p-sync network 1\n${lines.join("\n")}\n`;
}
