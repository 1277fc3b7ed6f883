/**
 * Starts libp2p and says in our words why it could not listen. libp2p joins the errors of all
 * addresses into one text and forgives IPv6 ones; the transport has kept each.
 */
import { Fault } from "../../base/fault.ts";
import { portOwner } from "../system/port-owner.ts";
import { partsOf } from "./addresses.ts";
import type { Host } from "./host.ts";
import type { ListenFailure } from "./upgrade-watch.ts";
import { wordsOf } from "./words-of.ts";

/** Throws `port_in_use` or `invalid_address`; libp2p may run then and is the caller's to stop. */
export async function startListening(host: Host): Promise<void> {
  let cause: unknown;
  try {
    await host.libp2p.start();
  } catch (error) {
    cause = error;
  }
  const failures = host.transports.flatMap((transport) => transport.listenFailures);
  const taken = failures.find((failure) => failure.error.code === "EADDRINUSE");
  if (taken !== undefined) throw await portInUse(taken);
  if (cause === undefined) return; // without IPv6 on the machine, IPv4 is enough
  const words = failures.map((failure) => `${failure.address.toString()}: ${wordsOf(failure.error)}`).join("; ");
  throw new Fault("invalid_address", `cannot listen: ${words === "" ? wordsOf(cause) : words}`, {}, cause);
}

async function portInUse(taken: ListenFailure): Promise<Fault> {
  const { port = 0, transport } = partsOf(taken.address) ?? {};
  const owner = await portOwner(port, transport === "quic" ? "udp" : "tcp");
  const words =
    owner === undefined ? "a process that cannot be seen from here" : `process ${owner.pid} (${owner.command})`;
  return new Fault(
    "port_in_use",
    `${transport === "quic" ? "UDP port" : "port"} ${port} is held by ${words}`,
    { port, pid: owner?.pid, command: owner?.command },
    taken.error,
  );
}
