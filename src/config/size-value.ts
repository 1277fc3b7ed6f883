/**
 * What the text of a size setting comes to in bytes, or in bytes a second.
 */
import { parseByteSize } from "../base/byte-size.ts";
import { Fault } from "../base/fault.ts";
import type { SizeSetting } from "./setting-types.ts";

/** Undefined for text of another form; "off" is not asked here. */
export function sizeOf({ unit }: Pick<SizeSetting, "unit">, text: string): number | undefined {
  if (unit === "bytes") return parseByteSize(text);
  return text.endsWith("/s") ? parseByteSize(text.slice(0, -2)) : undefined;
}

/** Undefined for "off". Throws `invalid_config`: a library's caller has no file that was checked before. */
export function limitOf(setting: Pick<SizeSetting, "unit" | "key">, text: string): number | undefined {
  if (text === "off") return undefined;
  const bytes = sizeOf(setting, text);
  if (bytes !== undefined) return bytes;
  const example = setting.unit === "bytes" ? "512MiB" : "2MiB/s";
  throw new Fault(
    "invalid_config",
    `${setting.key} must be an amount such as "${example}", or "off"; it is ${JSON.stringify(text)}`,
  );
}
