/**
 * How a command that failed says so: one line for people (what failed, on what, why, what to
 * do), one JSON object for programs, and the exit code of the fault.
 */
import { Fault } from "../base/fault.ts";
import { faultCodes, type FaultCode } from "../node/fault-codes.ts";
import { printable } from "./text.ts";

export type ExitCode = 0 | 1 | 2 | 3 | 4;

export interface Failure {
  readonly exit: ExitCode;
  /** With its line end. */
  readonly text: string;
}

export function describeFailure(error: unknown, command: string, json: boolean): Failure {
  const fault =
    error instanceof Fault
      ? error
      : new Fault("internal", `an unexpected error: ${String((error as Error)?.stack ?? error)}`);
  const known: Readonly<Record<string, FaultCode>> = faultCodes;
  const exit = known[fault.code]?.exit ?? 1;
  if (json)
    return { exit, text: `${JSON.stringify({ code: fault.code, message: fault.message, details: fault.details })}\n` };
  const details = fault.code === "not_shared" ? ` (${JSON.stringify(fault.details)})` : "";
  return {
    exit,
    text: `p2p-sync${command === "" ? "" : ` ${command}`}: ${lineOf(fault)}${details}${nextStep(known[fault.code])}\n`,
  };
}

/** The stack of our own bug may have several lines; everything else stays on one. */
function lineOf(fault: Fault): string {
  const text = fault.code === "internal" ? fault.message : printable(fault.message);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Some codes only point at the message itself; repeating that helps nobody. */
function nextStep(code: FaultCode | undefined): string {
  return code === undefined || code.whatToDo.startsWith("The message") ? "" : ` ${code.whatToDo}`;
}
