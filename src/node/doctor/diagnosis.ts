/** What a diagnosis is. */
import type { DoctorArea, DoctorCause, Severity } from "./causes.ts";

/** A cause of trouble, named once for each thing it concerns. */
export interface FoundCause {
  readonly code: DoctorCause;
  readonly area: DoctorArea;
  readonly severity: Severity;
  /** What it concerns: a port, an address, a file; empty where that is the node itself. */
  readonly subject: string;
  /** What is the matter, with what was seen. */
  readonly message: string;
  /** What to do. */
  readonly next: string;
}

/** What was looked at in one area, and what was seen there. */
export interface AreaReport {
  readonly name: DoctorArea;
  readonly status: "ok" | Severity | "not looked at";
  /** What was seen. */
  readonly seen: string;
}

/** What a doctor found: every area, and every cause of trouble with what to do. */
export interface Diagnosis {
  readonly status: "ok" | Severity;
  readonly areas: readonly AreaReport[];
  /** The gravest first. */
  readonly causes: readonly FoundCause[];
}

/** What one area came to; `seen` undefined where nothing could be looked at. */
export interface AreaFinding {
  readonly seen: string | undefined;
  readonly causes: readonly Omit<FoundCause, "area" | "severity">[];
}
