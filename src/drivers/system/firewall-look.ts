/**
 * Which rules of this machine's packet filter drop what a node needs. Linux with nftables and enough rights only;
 * elsewhere nothing is known. A hint, no proof: rules may stand behind others that let through.
 *
 * Source: nft(8), `list ruleset`
 */
import { execFile } from "node:child_process";

export interface DroppingRule {
  /** `table chain`, such as `inet filter input`. */
  readonly place: string;
  readonly rule: string;
  /** The destination port it names; undefined for the policy of a chain that drops all that is left. */
  readonly port: number | undefined;
}

/** Guess: `nft` answers within milliseconds, or not at all. */
const askingMsMax = 2_000;
/** Bytes of a rule set that is read. Guess: a thousand times that of a usual host. */
const rulesBytesMax: number = 4 * 1024 * 1024;
const rulesMax = 16;

/** Those that drop one of the ports, or everything that no rule lets through. */
export async function droppingRules(ports: readonly number[]): Promise<readonly DroppingRule[]> {
  return rulesIn(await ruleSet(), ports).slice(0, rulesMax);
}

async function ruleSet(): Promise<string> {
  return await new Promise((resolve) => {
    execFile(
      "nft",
      ["list", "ruleset"],
      { timeout: askingMsMax, maxBuffer: rulesBytesMax },
      (error, stdout) => resolve(error === null ? stdout : ""), // not there, or not allowed: nothing is known
    );
  });
}

/** Reads the text of `nft list ruleset`. */
export function rulesIn(text: string, ports: readonly number[]): readonly DroppingRule[] {
  const found: DroppingRule[] = [];
  let [table, chain] = ["", ""];
  for (const line of text.split("\n").map((each) => each.trim())) {
    table = /^table (\S+ \S+) \{/.exec(line)?.[1] ?? table;
    chain = /^chain (\S+) \{/.exec(line)?.[1] ?? chain;
    const place = `${table} ${chain}`;
    if (/policy drop;/.test(line)) found.push({ place, rule: line, port: undefined });
    if (!/\b(drop|reject)\b/.test(line)) continue;
    const named = ports.find((port) => new RegExp(`dport\\s+(\\{[^}]*\\b${port}\\b[^}]*\\}|${port}\\b)`).test(line));
    if (named !== undefined) found.push({ place, rule: line, port: named });
  }
  return found;
}
