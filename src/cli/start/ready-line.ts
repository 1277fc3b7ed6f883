/**
 * The one line on standard output that says a node serves. Scripts wait for it and read it, so
 * its form is a contract.
 */
import type { Info } from "../../node/facade.ts";

export function readyLine(info: Pick<Info, "p2p" | "peerId">, httpUrl: string): string {
  return `ready p2p=${info.p2p.join(",")} http=${httpUrl} peer=${info.peerId}\n`;
}
