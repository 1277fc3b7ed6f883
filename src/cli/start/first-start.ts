/**
 * What the owner of a new node is told once: which network this is, who is on it already, and
 * how to have one of one's own.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Fault } from "../../base/fault.ts";
import type { NodeFacade } from "../../node/facade.ts";
import { printable } from "../text.ts";

/** Time for answers to the first multicast questions. Guess: they come within one second. */
const lookAroundMs = 3_000;

/** A data folder without an identity has never had a node. */
export function isFirstStart(dataDir: string): boolean {
  return !existsSync(join(dataDir, "identity.key"));
}

export function welcomeText(network: string): string {
  return `This is the first start of this node. Its network is "${printable(network)}": every node of that name that can be reached shares the same keys.
For a network of your own, choose a name that others do not use: p2p-sync start --network NAME --data-dir DIR
`;
}

export function lanText(members: number, strangers: number): string {
  const of = (count: number, what: string): string => `${count} node${count === 1 ? "" : "s"} of ${what}`;
  return `Found on the LAN so far: ${of(members, "this network")} and ${of(strangers, "other networks")}.\n`;
}

/** Says who was found once there was time to find them; `signal` calls it off. */
export function announceLan(facade: NodeFacade, say: (text: string) => void, signal: AbortSignal): void {
  const timer = setTimeout(() => {
    try {
      const members = facade.peers().filter(({ state }) => state === "Connected" || state === "Syncing").length;
      say(lanText(members, facade.info().strangers));
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== "stopping") throw error; // a node that stops has other news
    }
  }, lookAroundMs);
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
}
