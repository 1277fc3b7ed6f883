/**
 * Who may import whom. The house has rooms, and imports go one way:
 *
 *   base ← codec ← crypto ← core/data ← machines ← core/replica ← node ← api ← cli
 *
 * with ports and config beside. A room that is not in the table may import nothing, so a new room
 * has to be entered here first. Tests are free: they put rooms together on purpose.
 */
import { posix } from "node:path";
import type { Problem } from "./problem.ts";
import type { Import, SourceFile } from "./source-file.ts";

interface Doors {
  /** Rooms whose values it may use. Its own room is always among them. */
  readonly values: readonly string[];
  /** Further rooms it may only `import type` from. */
  readonly types: readonly string[];
  /** Packages and Node modules; `node:*` stands for all of Node. */
  readonly packages: readonly string[];
}

const machines = ["core/peers", "core/sync", "core/trust", "core/ledger", "core/transfer"];
const pureBelowCore = ["base", "codec", "crypto"];
const core = ["core/data", "core", ...machines, "core/replica"];
const belowMachines = [...pureBelowCore, "core/data", "core"];
/** The one interface of node/ that others may name, and the table of its error codes. */
const facade = ["node/facade.ts", "node/fault-codes.ts"];

/** Needs no node: whoever has a root and a proof may check it. */
const proofCheck = "core/data/trie/check-proof.ts";

const machineDoors: Doors = { values: belowMachines, types: ["ports"], packages: [] };

/**
 * A driver sees its own folder and of core and node the types only. Of the other drivers it sees
 * drivers/system alone, which knows the machine below: who holds a port, how full a disk is.
 */
function driverDoors(...packages: string[]): Doors {
  return {
    values: [...pureBelowCore, "config", "drivers/system"],
    types: ["ports", ...core, ...facade],
    packages: ["node:*", ...packages],
  };
}

const doorsOfRoom: Readonly<Record<string, Doors>> = {
  base: { values: [], types: [], packages: [] },
  codec: { values: ["base"], types: [], packages: [] },
  crypto: { values: ["base", "codec"], types: [], packages: ["node:crypto"] },
  "core/data": { values: ["base", "codec", "crypto"], types: ["core", "ports"], packages: [] },
  // Files directly in core/: what all machines share, such as the one set of effects.
  core: { values: ["base", "codec", "crypto", "core/data"], types: ["ports"], packages: [] },
  ...Object.fromEntries(machines.map((room) => [room, machineDoors])),
  "core/replica": { values: [...belowMachines, ...machines], types: ["ports"], packages: [] },
  ports: { values: [], types: ["base", "codec", "core/data", "core"], packages: [] },
  config: {
    values: ["base", "codec", "crypto"],
    types: ["ports", ...facade],
    packages: ["node:*", "zod", "smol-toml"],
  },
  "drivers/libp2p": driverDoors("libp2p", "@libp2p/*", "@multiformats/*", "multicast-dns", "ws"),
  "drivers/storage": driverDoors(),
  "drivers/system": driverDoors(),
  "drivers/faults": driverDoors(),
  "drivers/observe": driverDoors("pino", "prom-client"),
  node: {
    values: [
      ...pureBelowCore,
      ...core,
      "config",
      "drivers/libp2p",
      "drivers/storage",
      "drivers/system",
      "drivers/observe",
      "drivers/faults",
    ],
    types: ["ports"],
    packages: ["node:*"],
  },
  api: {
    values: ["base", "codec", "config", ...facade],
    types: ["node"],
    packages: ["node:*", "hono", "@hono/*", "zod"],
  },
  cli: {
    values: [
      "base",
      "codec",
      "crypto",
      "config",
      "drivers/system",
      "drivers/observe",
      "drivers/faults",
      "node",
      "api",
      proofCheck,
    ],
    types: ["ports"],
    packages: ["node:*", "commander"],
  },
  index: { values: ["base", "config", "node", "api", proofCheck], types: ["ports"], packages: ["node:*"] },
  "sim/checkers": { values: ["base", "codec"], types: [], packages: [] },
  sim: {
    values: [...pureBelowCore, ...core, "config", "node", "sim/checkers"],
    types: ["ports", "drivers/storage", "drivers/libp2p"],
    packages: ["node:*"],
  },
  // Examples show the library from outside.
  examples: { values: ["index"], types: [], packages: ["node:*", "p2p-sync", "unstorage"] },
};

/** Folders whose files put the whole house together and may import all of it. */
const workshops = ["test", "tools", "bench", "."];

/** The room of a path such as `src/core/data/trie.ts`: here `core/data`. */
export function roomOf(path: string): string {
  const [top = "", second = "", third = "", fourth] = path.split("/");
  if (top !== "src") {
    if (top === "sim" && second === "checkers") return "sim/checkers";
    return path.includes("/") ? top : ".";
  }
  if (third === "") return second === "index.ts" ? "index" : second;
  if ((second === "core" || second === "drivers") && fourth !== undefined) return `${second}/${third}`;
  return second;
}

export function checkImports(file: SourceFile): Problem[] {
  if (file.isTest) return [];
  const room = roomOf(file.path);
  if (workshops.includes(room)) return [];
  return file.imports.flatMap((each) => {
    const message = each.specifier.startsWith(".") ? refuseFile(file.path, room, each) : refusePackage(room, each);
    return message === undefined ? [] : [{ path: file.path, line: each.line, rule: "import-direction", message }];
  });
}

/** Ports say what the outside must offer; a value in one would be an implementation. */
export function checkPortsAreTypes(file: SourceFile): Problem[] {
  if (roomOf(file.path) !== "ports" || file.isTest) return [];
  const statements = file.program["body"] as readonly { type: string; start: number; declaration?: { type: string } }[];
  return statements
    .filter((statement) => !isTypeStatement(statement.declaration?.type ?? statement.type))
    .map((statement) => ({
      path: file.path,
      line: file.lineOf(statement.start),
      rule: "ports-are-types",
      message: "ports/ holds types only. Move the value to base/, codec/, core/ or a driver.",
    }));
}

function isTypeStatement(type: string): boolean {
  const typeStatements = ["TSInterfaceDeclaration", "TSTypeAliasDeclaration", "ImportDeclaration"];
  return typeStatements.includes(type) || type === "ExportNamedDeclaration" || type === "ExportAllDeclaration";
}

function refuseFile(path: string, room: string, { specifier, typeOnly }: Import): string | undefined {
  const target = posix.join(posix.dirname(path), specifier);
  if (target.endsWith(".json")) return undefined;
  if (target.endsWith(".test.ts"))
    return `Nothing may import a test (${specifier}). Move what is shared into a file of its own.`;
  const targetRoom = roomOf(target);
  if (targetRoom === room) return refuseOtherMachine(path, target, room);
  const doors = doorsOfRoom[room];
  if (doors === undefined) return `${room} is a new room. Say in tools/tidy/rooms.ts what it may import.`;
  const names = [targetRoom, target.replace(/^src\//, "")];
  if (names.some((name) => doors.values.includes(name))) return undefined;
  const typesAllowed = names.some((name) => doors.types.includes(name));
  if (typesAllowed && typeOnly) return undefined;
  if (typesAllowed)
    return `${room} may only \`import type\` from ${targetRoom} (${specifier}). Take the value in as a parameter.`;
  return `${room} may not import ${targetRoom} (${specifier}); it may import ${list([...doors.values, ...doors.types.map((name) => `types of ${name}`)])}.`;
}

/** Inside a room of machines each folder is a machine, such as core/sync/pull; what they share lies beside the folders. */
function refuseOtherMachine(path: string, target: string, room: string): string | undefined {
  if (!machines.includes(room)) return undefined;
  const [own, other] = [path, target].map((each) => each.split("/").slice(3, -1).at(0));
  if (other === undefined || other === own) return undefined;
  return `${own ?? "a file shared by the machines"} may not import the machine ${room}/${other}: machines know nothing of each other. Let core/replica pass on what one tells the other, or move shared code up to ${room}/.`;
}

function refusePackage(room: string, { specifier }: Import): string | undefined {
  const doors = doorsOfRoom[room];
  if (doors === undefined) return `${room} is a new room. Say in tools/tidy/rooms.ts what it may import.`;
  if (doors.packages.some((allowed) => matchesPackage(specifier, allowed))) return undefined;
  return `${room} may not import the package ${specifier}; it may import ${list(doors.packages)}. Each package has one room (tools/tidy/rooms.ts), so that it can be replaced there.`;
}

function matchesPackage(specifier: string, allowed: string): boolean {
  if (allowed.endsWith("*")) return specifier.startsWith(allowed.slice(0, -1));
  return specifier === allowed || specifier.startsWith(`${allowed}/`);
}

function list(names: readonly string[]): string {
  return names.length === 0 ? "nothing" : names.join(", ");
}
