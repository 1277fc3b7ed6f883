/** What the node in memory refuses: keys, values, and writes whose condition does not hold. */
import { Fault } from "../../src/base/fault.ts";
import type { WriteConditions, WriteOp } from "../../src/node/facade.ts";

export function conditionsIn({ ifMatch, ifNoneMatch }: Undefinable<WriteConditions>): WriteConditions {
  return { ...(ifMatch !== undefined && { ifMatch }), ...(ifNoneMatch !== undefined && { ifNoneMatch }) };
}

type Undefinable<T> = { readonly [Name in keyof T]?: T[Name] | undefined };

export function checkOp(op: WriteOp): void {
  checkKey(op.key);
  if (op.type === "put" && op.value.length > 64 * 1024)
    throw new Fault("value_too_large", "The value is over 64 KiB.", { bytes: op.value.length });
}

export function checkKey(key: string): void {
  if (key === "" || Buffer.byteLength(key) > 256 || /[\u0000-\u001f\u007f]/.test(key)) {
    throw new Fault("invalid_key", "A key has 1 to 256 bytes of UTF-8 without control characters.", {
      bytes: Buffer.byteLength(key),
    });
  }
}

/** `etag` is that of the living entry, or undefined where there is none. */
export function checkCondition({ key, ifMatch, ifNoneMatch }: WriteOp, etag: string | undefined): void {
  const named = (condition: string | readonly string[]): boolean =>
    etag !== undefined && ["*", etag].some((name) => [condition].flat().includes(name));
  if ((ifMatch === undefined || named(ifMatch)) && (ifNoneMatch === undefined || !named(ifNoneMatch))) return;
  const details = { key, etag: etag ?? null, comparedWith: "local" };
  throw new Fault("precondition_failed", "Another version is here.", details);
}

/** Where a watch begins; positions stand for cursors. */
export function placeBehind(after: string | number | undefined, head: number, forgotten: number): number {
  if (after === undefined) return head;
  if (!/^\d{1,15}$/.test(String(after)))
    throw new Fault("invalid_argument", "That is no place to resume behind.", { field: "after" });
  const position = Number(after);
  if (position > head || (position > 0 && position < forgotten))
    throw new Fault("watch_gap", "Changes may have been missed.", { position, head, forgotten });
  return position;
}
