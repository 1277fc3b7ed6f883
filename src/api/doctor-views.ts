/** The JSON form of a diagnosis. */
import { z } from "zod";
import type { Diagnosis } from "../node/doctor/diagnosis.ts";

const area = z.string();
const severity = z.enum(["warning", "critical"]);

export const diagnosisSchema = z.object({
  status: z.enum(["ok", "warning", "critical"]),
  areas: z.array(
    z.object({ name: area, status: z.enum(["ok", "warning", "critical", "not looked at"]), seen: z.string() }),
  ),
  causes: z
    .array(
      z.object({
        code: z.string(),
        area,
        severity,
        subject: z.string().describe("What it concerns: a port, an address, a file; empty where that is the node"),
        message: z.string(),
        next: z.string().describe("What to do"),
      }),
    )
    .describe("The gravest first; docs/DOCTOR.md has every code"),
});

export type DiagnosisView = z.infer<typeof diagnosisSchema>;

export function diagnosisView({ status, areas, causes }: Diagnosis): DiagnosisView {
  return { status, areas: areas.map((each) => ({ ...each })), causes: causes.map((each) => ({ ...each })) };
}
