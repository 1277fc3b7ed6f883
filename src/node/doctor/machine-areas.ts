/** What the process, its configuration, its folder and its disk show. */
import { diskCriticalBytes, diskWarnBytes } from "../health.ts";
import type { AreaFinding } from "./diagnosis.ts";
import type { DoctorFacts } from "./facts.ts";
import { doctorCauses } from "./causes.ts";

/** Median time of a sync from which on a disk is slow, in ms. Guess: a hundred times what a usual one takes. */
const syncMsMax = 100;

const mebibyte: number = 1024 * 1024;

export function processArea({ process, node }: DoctorFacts): AreaFinding {
  const program = `p2p-sync ${process.programVersion}, Node ${process.nodeVersion}, ${process.platform}`;
  switch (node.type) {
    case "running":
      return { seen: `${program}; running for ${Math.floor(node.upSeconds)} s (process ${node.pid})`, causes: [] };
    case "absent":
      return { seen: `${program}; no node runs on this data folder`, causes: [] };
    case "died": {
      const { meaning, whatToDo } = doctorCauses.node_died;
      return {
        seen: `${program}; no node runs, and the last one did not stop by itself`,
        causes: [{ code: "node_died", subject: "", message: meaning, next: whatToDo }],
      };
    }
    case "silent": {
      const message = `${node.holder} holds the data folder, but its HTTP API does not answer: ${node.error}.`;
      const next = doctorCauses.node_silent.whatToDo;
      return {
        seen: `${program}; ${node.holder} does not answer`,
        causes: [{ code: "node_silent", subject: node.holder, message, next }],
      };
    }
  }
}

export function configurationArea({ configProblems }: DoctorFacts): AreaFinding {
  const next = doctorCauses.config_invalid.whatToDo;
  const causes = configProblems.map(
    (message) => ({ code: "config_invalid", subject: "", message: `${message}.`, next }) as const,
  );
  return { seen: causes.length === 0 ? "no mistake" : `${causes.length} mistakes`, causes };
}

export function folderArea({ folder }: DoctorFacts): AreaFinding {
  if (folder === undefined) return { seen: undefined, causes: [] };
  const { path, exists, trouble, newer } = folder;
  const seen = exists ? path : `${path}, made at the first start`;
  if (trouble !== undefined) {
    const next = doctorCauses.folder_unusable.whatToDo;
    return { seen, causes: [{ code: "folder_unusable", subject: path, message: trouble, next }] };
  }
  if (newer === undefined) return { seen, causes: [] };
  const message = `The store has layout ${newer.version}; this version of the program knows layouts up to ${newer.known}.`;
  return { seen, causes: [{ code: "store_newer", subject: path, message, next: doctorCauses.store_newer.whatToDo }] };
}

export function diskArea({ disk, folder }: DoctorFacts): AreaFinding {
  if (disk === undefined) return { seen: undefined, causes: [] };
  const { freeBytes, totalBytes, syncMs } = disk;
  const free = `${Math.floor(freeBytes / mebibyte)} of ${Math.floor(totalBytes / mebibyte)} MiB free`;
  const seen = syncMs === undefined ? free : `${free}, a sync takes ${syncMs.toFixed(1)} ms`;
  const subject = folder?.path ?? "";
  const space = freeBytes < diskCriticalBytes ? "disk_full" : freeBytes < diskWarnBytes ? "disk_low" : undefined;
  return {
    seen,
    causes: [
      ...(space === undefined
        ? []
        : [
            { code: space, subject, message: `Only ${free} on its disk.`, next: doctorCauses[space].whatToDo } as const,
          ]),
      ...(syncMs === undefined || syncMs < syncMsMax
        ? []
        : [
            {
              code: "disk_slow",
              subject,
              message: `A sync of the disk takes ${Math.round(syncMs)} ms, and each acknowledged write waits for one.`,
              next: doctorCauses.disk_slow.whatToDo,
            } as const,
          ]),
    ],
  };
}

export function limitsArea({ limits }: DoctorFacts): AreaFinding {
  if (limits === undefined) return { seen: undefined, causes: [] };
  const set = limits.filter(({ limit }) => limit !== undefined);
  const causes = set.flatMap(({ setting, part, state, message }) => {
    if (state === "ok") return [];
    const code = state === "refusing" ? ("limit_reached" as const) : ("limit_near" as const);
    const subject = part === undefined ? setting : `${setting} ${part}`;
    return [{ code, subject, message, next: doctorCauses[code].whatToDo }];
  });
  const well = set.filter(({ state }) => state === "ok").length;
  return { seen: set.length === 0 ? "none is set" : `${well} of ${set.length} that are set leave room`, causes };
}
