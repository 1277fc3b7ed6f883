/** A transport that was asked for and cannot be used, in words: what is the matter, and what to do. */
import type { MissingTransport } from "../drivers/libp2p/transports.ts";
import { quicPackage } from "../drivers/libp2p/quic/native.ts";

/** One sentence; the transports that are there go on meanwhile. */
export function wordsOfMissing({ name, problem }: MissingTransport): string {
  return `${name} is configured, but cannot be used here: ${problem.replace(/\.$/, "")}. ${remedies[name]}`;
}

const remedies: Readonly<Record<MissingTransport["name"], string>> = {
  tcp: "It is part of the program: install that anew.",
  ws: "It is part of the program: install that anew.",
  quic: `Its package is optional, and npm leaves it out where it runs on a Node older than 22: npm install ${quicPackage} with the Node that runs this program, and start again. Or take quic out of p2p.transports.`,
};
