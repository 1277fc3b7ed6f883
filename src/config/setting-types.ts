/**
 * What one row of the table of settings says. Each kind of value has exactly the fields it needs.
 */
interface SettingBase {
  readonly key: string;
  readonly group: "network" | "process";
  /** What one step of the value means: "port", "s", "MiB", "" for words. */
  readonly unit: string;
  readonly effect: string;
  /** Where the default and the bounds come from, or the word "guess". */
  readonly source: string;
  readonly reload: "live" | "restart";
  /** Commander's spelling of the flag, if there is one. */
  readonly flag?: string;
  readonly hidden?: true;
}

/** Rules for text that a table cannot say; `text-formats.ts` has one function for each. */
export type TextFormat =
  | "networkName"
  | "path"
  | "listenHost"
  | "loopbackHost"
  | "address"
  | "dialAddress"
  | "logLevels"
  | "keyPrefix"
  | "ipRange"
  | "peerId";

export interface IntegerSetting extends SettingBase {
  readonly type: "integer";
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

/** An amount of bytes as people write it, such as "512MiB", or a pace, such as "2MiB/s". */
export interface SizeSetting extends SettingBase {
  readonly type: "size";
  readonly unit: "bytes" | "bytes/s";
  readonly default: string;
  /** In bytes; with `off` nothing is limited. */
  readonly min: number;
  readonly max: number;
}

export interface BooleanSetting extends SettingBase {
  readonly type: "boolean";
  readonly default: boolean;
}

export interface ChoiceSetting extends SettingBase {
  readonly type: "choice";
  readonly default: string;
  readonly choices: readonly string[];
}

export interface TextSetting extends SettingBase {
  readonly type: "text";
  readonly default: string;
  readonly format: TextFormat;
}

export interface ListSetting extends SettingBase {
  readonly type: "list";
  readonly default: readonly string[];
  readonly itemsMin: number;
  readonly itemsMax: number;
  readonly format: TextFormat;
}

export interface ChoiceListSetting extends SettingBase {
  readonly type: "choiceList";
  readonly default: readonly string[];
  readonly itemsMin: number;
  readonly itemsMax: number;
  readonly choices: readonly string[];
}

export type Setting =
  | IntegerSetting
  | SizeSetting
  | BooleanSetting
  | ChoiceSetting
  | TextSetting
  | ListSetting
  | ChoiceListSetting;

/** Any value a setting can have. */
export type SettingValue = string | number | boolean | readonly string[];
