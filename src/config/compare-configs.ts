/**
 * What a running node does with a configuration it read again: some keys take effect, the others
 * are named as needing a restart.
 */
import { settingNames, settingOf, type Config, type SettingName } from "./settings.ts";

export interface ConfigChange {
  /** The old configuration with the new values that can change while running. */
  readonly config: Config;
  readonly taken: readonly string[];
  readonly needRestart: readonly string[];
}

export function compareConfigs(running: Config, wanted: Config): ConfigChange {
  const changed = settingNames.filter((name) => JSON.stringify(running[name]) !== JSON.stringify(wanted[name]));
  const live = changed.filter((name) => settingOf(name).reload === "live");
  const config = Object.freeze({
    ...running,
    ...Object.fromEntries(live.map((name) => [name, wanted[name]])),
  }) as Config;
  return { config, taken: keysOf(live), needRestart: keysOf(changed.filter((name) => !live.includes(name))) };
}

function keysOf(names: readonly SettingName[]): string[] {
  return names.map((name) => settingOf(name).key);
}
