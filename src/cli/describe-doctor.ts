/** A diagnosis as text: what is wrong and what to do first, then what was looked at. */
import type { DiagnosisView } from "../api/doctor-views.ts";
import { type Colour, type Paint, printable, table } from "./text.ts";

const colourOf: Readonly<Record<DiagnosisView["areas"][number]["status"], Colour>> = {
  ok: "green",
  warning: "yellow",
  critical: "red",
  "not looked at": "dim",
};

export function describeDiagnosis({ status, areas, causes }: DiagnosisView, paint: Paint): string {
  const looked = table(
    ["AREA", "STATUS", "SEEN"],
    areas.map((each) => [each.name, paint(each.status, colourOf[each.status]), printable(each.seen)]),
  );
  if (causes.length === 0) return `${paint("ok", "green")}: nothing is wrong that could be seen from here\n\n${looked}`;
  const counted = causes.length === 1 ? "1 cause" : `${causes.length} causes`;
  const told = causes.map(
    ({ code, severity, subject, message, next }) =>
      `${paint(severity, colourOf[severity])} ${code}${subject === "" ? "" : ` (${printable(subject)})`}\n  ${printable(message)}\n  ${printable(next)}\n`,
  );
  return `${paint(status, colourOf[status])}: ${counted}\n\n${told.join("\n")}\n${looked}`;
}
