/**
 * What listeners of a node are told.
 */
import type { Instant } from "../base/brand.ts";

/** Typed by `type`; `detail` is plain data. Low rate: no event per entry. */
export interface NodeEvent {
  readonly type: string;
  readonly at: Instant;
  readonly detail: Readonly<Record<string, unknown>>;
}
