/**
 * What the store keeps as JSON, read back: every field is looked at, since a disk may change it, and a wrong rule or address
 * would be acted upon. Fields that are undefined are left out by JSON, and read the same.
 */
import { storeDamaged } from "../../base/store-damaged.ts";

export type Check = (value: unknown) => boolean;
export type Shape<T> = { readonly [Field in keyof T]-?: Check };

/** Throws `store_damaged` where the text is not JSON of that shape; `what` is a clause about it. */
export function storedJson<T extends object>(what: string, text: unknown, shape: Shape<T>): T {
  const value = parsed(text);
  if (!record(shape)(value)) throw storeDamaged(what);
  return value as T;
}

/** The same for a list. */
export function storedList(what: string, text: unknown, item: Check): readonly unknown[] {
  const value = parsed(text);
  if (!list(item)(value)) throw storeDamaged(what);
  return value as readonly unknown[];
}

/** A number of a row. */
export function storedNumber(what: string, value: unknown): number {
  if (!isNumber(value)) throw storeDamaged(`${what} is no number any more`);
  return value as number;
}

export const isText: Check = (value) => typeof value === "string";
/** A count or an instant. */
export const isNumber: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
export const isFlag: Check = (value) => typeof value === "boolean";

export function oneOf(...words: readonly string[]): Check {
  return (value) => words.includes(value as string);
}

export function optional(check: Check): Check {
  return (value) => value === undefined || value === null || check(value);
}

export function list(item: Check): Check {
  return (value) => Array.isArray(value) && value.every(item);
}

export function record<T extends object>(shape: Shape<T>): Check {
  return (value) =>
    typeof value === "object" &&
    value !== null &&
    Object.entries<Check>(shape).every(([field, check]) => check((value as Record<string, unknown>)[field]));
}

/** Undefined where it is none. */
function parsed(text: unknown): unknown {
  try {
    return typeof text === "string" ? JSON.parse(text) : undefined;
  } catch {
    return undefined; // what is no JSON fits no shape, and is told as such
  }
}
