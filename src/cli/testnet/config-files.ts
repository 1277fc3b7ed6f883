/**
 * The configuration file of each node of a testnet: complete, commented, and read back with the
 * very code of `config check` before anything starts. Nothing in it is only for tests.
 */
import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import { Fault } from "../../base/fault.ts";
import { checkWords } from "../../config/check-value.ts";
import { type LoadedConfig, loadConfig, type Origin } from "../../config/load-config.ts";
import { renderConfig } from "../../config/render-config.ts";
import type { SettingValue } from "../../config/setting-types.ts";
import { type Config, defaultConfig, settingNames, settingOf, type SettingName } from "../../config/settings.ts";
import { configFileOf, dataDirOf, logFileOf, type NodeRecord, type TestnetRecord } from "./files.ts";

/** Writes and checks the files of all nodes; throws `invalid_config` with file and line. */
export function writeConfigFiles(dir: string, record: TestnetRecord): void {
  for (const node of record.nodes) {
    const file = configFileOf(dir, node.number);
    writeFileSync(file, configText(dir, record, node));
    checkConfigFile(file);
  }
}

export function configText(dir: string, record: TestnetRecord, node: NodeRecord): string {
  const given = { ...settingsOf(dir, record, node), ...extraSettings(record.settings) };
  const origins = {} as Record<SettingName, Origin>;
  for (const name of settingNames)
    origins[name] = name in given ? { type: "file", path: "this file" } : { type: "default" };
  const config = { ...defaultConfig(), ...given } as Config;
  const loaded: LoadedConfig = { config, origins, file: undefined, warnings: [] };
  const about = [
    `# Node ${node.number} of the testnet ${record.network}, written by p2p-sync testnet.`,
    `# Alone: p2p-sync start --config modular-node${node.number}.toml`,
  ];
  return `${about.join("\n")}\n${renderConfig(loaded, "commented").replaceAll(". Set in this file", "")}`;
}

/** What `config check --config FILE` does, in an environment without settings. */
export function checkConfigFile(file: string): Config {
  return loadConfig({ flags: {}, file, environment: {}, workingDir: "/", homeDir: "/" }).config;
}

/** `KEY=VALUE` of a setting; throws `invalid_argument`. */
export function parseSetting(text: string): readonly [string, string] {
  const [key = "", ...rest] = text.split("=");
  const name = settingNames.find((each) => settingOf(each).key === key);
  if (name === undefined || rest.length === 0 || settingOf(name).hidden === true)
    throw new Fault("invalid_argument", `${JSON.stringify(text)} is not KEY=VALUE of a setting in docs/CONFIG.md.`);
  const checked = checkWords(settingOf(name), rest.join("="));
  if (!checked.ok) throw new Fault("invalid_argument", `${key} ${checked.complaint}.`);
  return [key, rest.join("=")];
}

function settingsOf(dir: string, { network, nodes }: TestnetRecord, node: NodeRecord): Partial<Config> {
  return {
    dataDir: relative(dir, dataDirOf(dir, node.number)),
    networkName: network,
    p2pPort: node.p2p,
    p2pListen: [node.host],
    p2pDial: nodes.filter(({ number }) => number !== node.number).map(addressOf),
    p2pMdns: false,
    httpPort: node.http,
    logFile: relative(dir, logFileOf(dir, node.number)),
  };
}

function addressOf({ host, p2p, peer }: NodeRecord): string {
  return `/${host.includes(":") ? "ip6" : "ip4"}/${host}/tcp/${p2p}/p2p/${peer}`;
}

function extraSettings(words: TestnetRecord["settings"]): Record<string, SettingValue> {
  const values: Record<string, SettingValue> = {};
  for (const name of settingNames) {
    const text = words[settingOf(name).key];
    const checked = text === undefined ? undefined : checkWords(settingOf(name), text);
    if (checked?.ok === true) values[name] = checked.value;
  }
  return values;
}

export { addressOf };
