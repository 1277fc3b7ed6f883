/**
 * Settings that are fine alone and wrong together.
 */
import { isIPv6 } from "node:net";
import { familyRefusal } from "../base/address-family.ts";
import type { Problem } from "./problem.ts";
import type { Config } from "./settings.ts";
import { isPeerAlone } from "./text-formats.ts";

/** What the name of a network must begin with for its nodes to open a test port. */
export const testnetNamePrefix = "testnet";

export function contradictions(config: Config): Problem[] {
  const problems: Problem[] = [];
  if (config.p2pPort !== 0 && config.p2pPort === config.httpPort) {
    problems.push({
      message: `p2p.port and http.port are both ${config.p2pPort}; each needs a port of its own`,
      key: "http.port",
    });
  }
  for (const { port, key } of otherPorts(config)) {
    if (config.p2pWsPort !== 0 && config.p2pWsPort === port)
      problems.push({
        message: `p2p.ws_port and ${key} are both ${port}; each needs a port of its own`,
        key: "p2p.ws_port",
      });
  }
  const nameless = config.p2pDht ? undefined : config.p2pDial.find(isPeerAlone);
  if (nameless !== undefined) {
    const message = `p2p.dial has ${nameless}, and a peer of which only the id is known is found by p2p.dht, which is off`;
    problems.push({ message, key: "p2p.dial" });
  }
  problems.push(...otherFamily(config));
  if (config.testFaultPort && !config.networkName.startsWith(testnetNamePrefix)) {
    problems.push({ message: foreignNetwork(config), key: "test.fault_port" });
  }
  return problems;
}

/** Addresses of the IP version that `p2p.family` leaves out. */
function otherFamily(config: Config): Problem[] {
  const { p2pFamily: family, p2pListen, p2pAnnounce, p2pDial, httpHost } = config;
  if (family === "dual") return [];
  const problems = p2pListen.flatMap((host) =>
    isIPv6(host) === (family === "v6only") ? [] : [`p2p.listen has ${host}`],
  );
  if ((httpHost === "::1") !== (family === "v6only")) problems.push(`http.host is ${httpHost}`);
  for (const [key, addresses] of [
    ["p2p.announce", p2pAnnounce],
    ["p2p.dial", p2pDial],
  ] as const)
    for (const address of addresses)
      if (familyRefusal(address, family) !== undefined) problems.push(`${key} has ${address}`);
  return problems.map((words) => ({
    message: `${words}, but p2p.family is ${family}: ${family === "v4" ? "IPv4" : "IPv6"} only`,
    key: words.split(" ")[0] ?? "",
  }));
}

/** Those of TCP that a port for WebSockets must not be, where there is one. */
function otherPorts({
  p2pTransports,
  p2pPort,
  httpPort,
}: Config): readonly { readonly port: number; readonly key: string }[] {
  if (!p2pTransports.includes("ws")) return [];
  const http = { port: httpPort, key: "http.port" };
  return p2pTransports.includes("tcp") ? [{ port: p2pPort, key: "p2p.port" }, http] : [http];
}

/** Why this node may not open a test port, or undefined. Asked again where the node starts: a library has no file to check. */
export function faultPortRefusal(
  config: Config,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (!config.networkName.startsWith(testnetNamePrefix)) return foreignNetwork(config);
  if (environment["P2P_SYNC_TEST_FAULTS"] !== "1")
    return "test.fault_port breaks the node on purpose and is for tests only: it needs P2P_SYNC_TEST_FAULTS=1";
  return undefined;
}

function foreignNetwork({ networkName }: Config): string {
  return `test.fault_port lets others break this node on purpose, so the network's name must begin with "${testnetNamePrefix}"; it is ${JSON.stringify(networkName)}`;
}
