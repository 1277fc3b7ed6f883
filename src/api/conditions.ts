/**
 * Conditional requests: which versions of a key `If-Match` and `If-None-Match` name. A condition
 * that is not understood is refused, for one that is passed over would lose data in silence.
 *
 * Source: RFC 9110 sections 8.8.3, 13.1.1 and 13.1.2.
 */
import type { IncomingHttpHeaders } from "node:http";
import { Fault } from "../base/fault.ts";
import type { WriteConditions } from "../node/facade.ts";

/** What a write expects of its key. Versions are compared strongly: a weak name matches nothing, which is said. */
export function writeConditionsOf(headers: IncomingHttpHeaders): WriteConditions {
  if (headers["if-unmodified-since"] !== undefined)
    throw refused("If-Unmodified-Since", "versions have no dates; use If-Match with an etag");
  const { "if-match": match, "if-none-match": noneMatch } = headers;
  if (match !== undefined && noneMatch !== undefined)
    throw refused("If-None-Match", "a write takes If-Match or If-None-Match, not both");
  if (match !== undefined) return { ifMatch: versionsIn("If-Match", match) };
  return noneMatch === undefined ? {} : { ifNoneMatch: versionsIn("If-None-Match", noneMatch) };
}

/** Whether `If-None-Match` of a read names this version; the comparison is the weak one. */
export function namesVersion(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(",").some((part) => part.trim() === "*" || part.trim().replace(/^W\//, "") === `"${etag}"`);
}

function versionsIn(name: string, header: string): "*" | readonly string[] {
  if (header.trim() === "*") return "*";
  return header.split(",").map((part) => {
    const etag = /^"([\x21\x23-\x7e]+)"$/.exec(part.trim())?.[1];
    if (etag === undefined)
      throw refused(
        name,
        `it has etags in double quotes, as GET answers them, or is *; not ${part.trim().slice(0, 80)}`,
      );
    return etag;
  });
}

function refused(header: string, why: string): Fault {
  return new Fault("invalid_argument", `The header ${header}: ${why}.`, { field: header });
}
