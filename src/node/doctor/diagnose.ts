/**
 * From what was seen of a node and its machine to causes with a next step. A pure function, so that each cause can be
 * tested by its facts here, and by its making in `test/doctor`.
 *
 * Every area tells what was seen there, whether or not something is wrong. A cause is named once for each thing it
 * concerns; what only follows from another cause is not named: a node that does not run because of a mistake in its
 * configuration has that mistake and nothing else.
 */
import { type DoctorArea, doctorAreas, doctorCauses, type Severity } from "./causes.ts";
import type { AreaFinding, Diagnosis } from "./diagnosis.ts";
import type { DoctorFacts } from "./facts.ts";
import { addressesArea, clockArea, discoveryArea, openFilesArea, peersArea, portsArea } from "./network-areas.ts";
import { configurationArea, diskArea, folderArea, limitsArea, processArea } from "./machine-areas.ts";

const findingOf: Readonly<Record<DoctorArea, (facts: DoctorFacts) => AreaFinding>> = {
  process: processArea,
  configuration: configurationArea,
  "data folder": folderArea,
  disk: diskArea,
  limits: limitsArea,
  ports: portsArea,
  addresses: addressesArea,
  discovery: discoveryArea,
  peers: peersArea,
  clock: clockArea,
  "open files": openFilesArea,
};

export function diagnose(facts: DoctorFacts): Diagnosis {
  const found = doctorAreas.map((name) => ({ name, finding: findingOf[name](facts) }));
  const causes = found
    .flatMap(({ finding }) => finding.causes)
    .map((cause) => ({ ...cause, area: doctorCauses[cause.code].area, severity: doctorCauses[cause.code].severity }));
  return {
    status: worst(causes),
    areas: found.map(({ name, finding: { seen } }) => ({
      name,
      status: seen === undefined ? "not looked at" : worst(causes.filter(({ area }) => area === name)),
      seen: seen ?? "",
    })),
    causes: causes.toSorted((one, two) => gravity(two.severity) - gravity(one.severity)),
  };
}

function worst(causes: readonly { readonly severity: Severity }[]): "ok" | Severity {
  if (causes.some(({ severity }) => severity === "critical")) return "critical";
  return causes.length > 0 ? "warning" : "ok";
}

function gravity(severity: Severity): number {
  return severity === "critical" ? 1 : 0;
}
