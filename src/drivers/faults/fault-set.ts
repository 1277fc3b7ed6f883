/**
 * What is broken on purpose at one node of a testnet: plain data that travels over the test port
 * and lies in the node's data folder, so that a fault outlives a restart as a cut cable would.
 *
 * Everything is one-sided: it says what this node does to what it sends and receives. Whoever wants
 * a link to be cut or slow both ways tells both ends.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PeerId } from "../../base/brand.ts";
import { Fault } from "../../base/fault.ts";

export interface FaultSet {
  /** Peers that nothing passes to or from. */
  readonly cut: readonly PeerId[];
  /** How much later, in ms, what a peer sends is taken in. */
  readonly delayMs: Readonly<Record<string, number>>;
  /** Share of a peer's messages that are lost on the way, 0 to 100. */
  readonly lossPercent: Readonly<Record<string, number>>;
  /** Of the generator that draws which message is lost. */
  readonly seed: number;
  /** Added to the replica's wall clock, in ms. */
  readonly clockOffsetMs: number;
  /** No commit that writes succeeds. */
  readonly diskFull: boolean;
}

export const noFaults: FaultSet = {
  cut: [],
  delayMs: {},
  lossPercent: {},
  seed: 1,
  clockOffsetMs: 0,
  diskFull: false,
};

/** Longest delay. Guess: longer is not a slow link but a cut one; a hello has 5 s. */
export const delayMsMax = 60_000;
/** How far a clock can be set off, in ms. Source: the range of `test.clock_offset_ms`. */
export const clockOffsetMsMax = 172_800_000;
/** Peers that one set names. Guess: links of a node, many times over. */
const peersMax = 1_024;

/** Throws `invalid_argument` naming what is wrong; nothing is rounded or left out in silence. */
export function parseFaultSet(value: unknown): FaultSet {
  const fields = recordOf(value, "a set of faults");
  for (const name of Object.keys(fields)) if (!(name in noFaults)) throw refused(`has an unknown field ${name}`);
  const cut = fields["cut"] ?? noFaults.cut;
  if (!Array.isArray(cut) || cut.length > peersMax || !cut.every((peer) => typeof peer === "string"))
    throw refused(`cut must be a list of at most ${peersMax} peer ids`);
  const diskFull = fields["diskFull"] ?? noFaults.diskFull;
  if (typeof diskFull !== "boolean") throw refused("diskFull must be true or false");
  return {
    cut: cut as unknown[] as readonly PeerId[],
    delayMs: amountsOf(fields["delayMs"], "delayMs", delayMsMax),
    lossPercent: amountsOf(fields["lossPercent"], "lossPercent", 100),
    seed: wholeOf(fields["seed"] ?? noFaults.seed, "seed", 0, Number.MAX_SAFE_INTEGER),
    clockOffsetMs: wholeOf(
      fields["clockOffsetMs"] ?? noFaults.clockOffsetMs,
      "clockOffsetMs",
      -clockOffsetMsMax,
      clockOffsetMsMax,
    ),
    diskFull,
  };
}

/** The faults a node begins with; none where nobody has set any. Throws `invalid_argument`. */
export function readFaultFile(dataDir: string): FaultSet {
  let text: string;
  try {
    text = readFileSync(fileIn(dataDir), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return noFaults;
    throw error;
  }
  return parseFaultJson(text);
}

/** Appears whole or not at all. */
export function writeFaultFile(dataDir: string, faults: FaultSet): void {
  writeFileSync(`${fileIn(dataDir)}.new`, `${JSON.stringify(faults)}\n`, { mode: 0o600 });
  renameSync(`${fileIn(dataDir)}.new`, fileIn(dataDir));
}

export function parseFaultJson(text: string): FaultSet {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refused(`is not JSON: ${(error as Error).message}`);
  }
  return parseFaultSet(value);
}

function fileIn(dataDir: string): string {
  return join(dataDir, "faults.json");
}

function amountsOf(value: unknown, name: string, max: number): Readonly<Record<string, number>> {
  const amounts = recordOf(value ?? {}, name);
  if (Object.keys(amounts).length > peersMax) throw refused(`${name} names more than ${peersMax} peers`);
  for (const [peer, amount] of Object.entries(amounts)) {
    if (typeof amount !== "number" || !(amount >= 0 && amount <= max))
      throw refused(`${name} of ${peer.slice(0, 80)} must be from 0 to ${max}`);
  }
  return amounts as Record<string, number>;
}

function wholeOf(value: unknown, name: string, min: number, max: number): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < min || value > max)
    throw refused(`${name} must be a whole number from ${min} to ${max}`);
  return value;
}

function recordOf(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refused(`${name} must be an object`);
  return value as Record<string, unknown>;
}

function refused(what: string): Fault {
  return new Fault("invalid_argument", `The set of faults is refused: ${what}.`);
}
