/**
 * Checks one value against its setting: a typed value as a TOML file has it, or words as flags
 * and the environment have them. Nothing is rounded, trimmed to a range or guessed.
 */
import { formatByteSize } from "../base/byte-size.ts";
import type { ChoiceListSetting, ListSetting, Setting, SettingValue, SizeSetting } from "./setting-types.ts";
import { sizeOf } from "./size-value.ts";
import { textComplaints } from "./text-formats.ts";

export type Checked =
  | { readonly ok: true; readonly value: SettingValue }
  /** Goes on after the name of the setting: "must be …". */
  | { readonly ok: false; readonly complaint: string };

/** A value out of a parsed TOML file. */
export function checkValue(setting: Setting, value: unknown): Checked {
  switch (setting.type) {
    case "integer":
      if (typeof value !== "number" || !Number.isInteger(value)) return wrongType("a whole number", value);
      if (value < setting.min || value > setting.max)
        return bad(`must be from ${setting.min} to ${setting.max}${unitOf(setting)}, not ${value}`);
      return good(value);
    case "size": {
      if (typeof value !== "string") return wrongType(`text such as ${example(setting)}`, value);
      const complaint = sizeComplaint(setting, value);
      return complaint === undefined ? good(value) : bad(`${complaint}, not ${quoted(value)}`);
    }
    case "boolean":
      return typeof value === "boolean" ? good(value) : wrongType("true or false", value);
    case "choice":
      if (typeof value !== "string") return wrongType("text", value);
      return setting.choices.includes(value)
        ? good(value)
        : bad(`must be ${oneOf(setting.choices)}, not ${quoted(value)}`);
    case "text": {
      if (typeof value !== "string") return wrongType("text", value);
      const complaint = textComplaints[setting.format](value);
      return complaint === undefined ? good(value) : bad(`${complaint}; it is ${quoted(value)}`);
    }
    case "list":
    case "choiceList":
      return checkList(setting, value);
  }
}

/** Words from a flag or the environment; lists are separated by commas. */
export function checkWords(setting: Setting, words: string): Checked {
  switch (setting.type) {
    case "integer":
      return /^-?[0-9]{1,15}$/.test(words) ? checkValue(setting, Number(words)) : wrongType("a whole number", words);
    case "boolean":
      if (words === "true" || words === "1") return good(true);
      return words === "false" || words === "0" ? good(false) : wrongType("true or false", words);
    case "choice":
    case "text":
    case "size":
      return checkValue(setting, words);
    case "list":
    case "choiceList":
      return checkValue(setting, words === "" ? [] : words.split(",").map((word) => word.trim()));
  }
}

function sizeComplaint(setting: SizeSetting, text: string): string | undefined {
  if (text === "off") return undefined;
  const bytes = sizeOf(setting, text);
  if (bytes === undefined) return `must be an amount with its unit, such as ${example(setting)}, or "off"`;
  if (bytes >= setting.min && bytes <= setting.max) return undefined;
  const per = setting.unit === "bytes/s" ? " a second" : "";
  return `must be from ${formatByteSize(setting.min)} to ${formatByteSize(setting.max)}${per}, or "off"`;
}

function example({ unit }: SizeSetting): string {
  return unit === "bytes/s" ? `"2MiB/s"` : `"512MiB"`;
}

function checkList(setting: ListSetting | ChoiceListSetting, value: unknown): Checked {
  if (!Array.isArray(value)) return wrongType("a list of texts", value);
  if (value.length < setting.itemsMin || value.length > setting.itemsMax) {
    return bad(`must have ${setting.itemsMin} to ${setting.itemsMax} items, not ${value.length}`);
  }
  for (const item of value as readonly unknown[]) {
    if (typeof item !== "string") return wrongType("a list of texts", value);
    const complaint = itemComplaint(setting, item);
    if (complaint !== undefined) return bad(complaint);
  }
  if (new Set(value).size !== value.length) return bad("must not name anything twice");
  return good(Object.freeze([...(value as readonly string[])]));
}

function itemComplaint(setting: ListSetting | ChoiceListSetting, item: string): string | undefined {
  if (setting.type === "choiceList") {
    return setting.choices.includes(item)
      ? undefined
      : `may contain only ${oneOf(setting.choices)}, not ${quoted(item)}`;
  }
  const complaint = textComplaints[setting.format](item);
  return complaint === undefined ? undefined : `has ${quoted(item)}, which ${complaint}`;
}

function wrongType(wanted: string, value: unknown): Checked {
  return bad(`must be ${wanted}, not ${quoted(value)}`);
}

const shownLengthMax = 80;

function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > shownLengthMax ? `${text.slice(0, shownLengthMax)}…` : text;
}

function oneOf(choices: readonly string[]): string {
  return choices.length === 1 ? `${choices[0]}` : `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`;
}

function unitOf(setting: Setting): string {
  return setting.unit === "" || setting.unit === "port" ? "" : ` ${setting.unit}`;
}

function good(value: SettingValue): Checked {
  return { ok: true, value };
}

function bad(complaint: string): Checked {
  return { ok: false, complaint };
}
