/**
 * The few forms an answer takes: JSON, raw bytes, text, nothing, and a fault with its status.
 */
import { Fault } from "../base/fault.ts";
import { faultCodes, type FaultCode } from "../node/fault-codes.ts";
import { MethodNotAllowed } from "./method-not-allowed.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
}

/** On every answer: nothing is cached by accident, sniffed as another type or read by another site. */
export const commonHeaders: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin",
};

export function jsonAnswer(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
}

export function bytesAnswer(body: Uint8Array, headers: Readonly<Record<string, string>>): Answer {
  return { status: 200, headers: { "content-type": "application/octet-stream", ...headers }, body };
}

export function textAnswer(body: string, mediaType: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 200, headers: { "content-type": mediaType, ...headers }, body };
}

export function emptyAnswer(status: number, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers, body: undefined };
}

export interface FaultView {
  readonly code: string;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** What a client is told: a fault as it is, anything else as `internal` without its inner words. */
export function faultView(error: unknown): FaultView {
  if (error instanceof Fault) return { code: error.code, message: error.message, details: error.details };
  return { code: "internal", message: "The node failed to answer; its log has the reason.", details: {} };
}

export function faultAnswer(error: unknown): Answer {
  const view = faultView(error);
  if (error instanceof MethodNotAllowed) return jsonAnswer(view, 405, { allow: error.allowed.join(", ") });
  const known: Readonly<Record<string, FaultCode>> = faultCodes;
  const status = known[view.code]?.http ?? 500;
  return jsonAnswer(view, status, extraHeaders(view.code, status));
}

/** Whether the node itself is at fault, so that its operator must hear of it. */
export function isUnexpected(error: unknown): boolean {
  return !(error instanceof Fault) || error.code === "internal" || !(error.code in faultCodes);
}

function extraHeaders(code: string, status: number): Readonly<Record<string, string>> {
  if (code === "unauthorized") return { "www-authenticate": "Bearer" };
  if (status === 503) return { "retry-after": "1" };
  return {};
}
