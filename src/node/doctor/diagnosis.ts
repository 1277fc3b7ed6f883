/** What a diagnosis is. */
import type { DoctorArea, DoctorCause, Severity } from "./causes.ts";

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

export interface AreaReport {
  readonly name: DoctorArea;
  readonly status: "ok" | Severity | "not looked at";
  /** What was seen. */
  readonly seen: string;
}

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
