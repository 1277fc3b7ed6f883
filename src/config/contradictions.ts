/**
 * Settings that are fine alone and wrong together.
 */
import { isIPv6 } from "node:net";
import type { Problem } from "./problem.ts";
import type { Config } from "./settings.ts";

export function contradictions(config: Config): Problem[] {
  const problems: Problem[] = [];
  if (config.p2pPort !== 0 && config.p2pPort === config.httpPort) {
    problems.push({
      message: `p2p.port and http.port are both ${config.p2pPort}; each needs a port of its own`,
      key: "http.port",
    });
  }
  for (const host of config.p2pListen) {
    const family = isIPv6(host) ? "v6only" : "v4";
    if (config.p2pFamily !== "dual" && config.p2pFamily !== family) {
      problems.push({ message: `p2p.listen has ${host}, but p2p.family is ${config.p2pFamily}`, key: "p2p.listen" });
    }
  }
  return problems;
}
