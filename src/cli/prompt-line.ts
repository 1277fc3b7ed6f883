/**
 * What a line at the prompt means. A value is the rest of its line, exactly: quotes, spaces and
 * backslashes are kept as they are typed.
 */
import { secondsOf } from "./seconds-flag.ts";

export type PromptCommand =
  | { readonly type: "add"; readonly key: string; readonly value: string; readonly ttlSeconds?: number }
  | { readonly type: "get" | "delete" | "explain"; readonly key: string }
  | { readonly type: "list"; readonly prefix: string }
  | { readonly type: "why"; readonly target: string }
  | {
      readonly type:
        | "status"
        | "peers"
        | "converged"
        | "stale"
        | "netcheck"
        | "doctor"
        | "info"
        | "help"
        | "exit"
        | "nothing";
    }
  | { readonly type: "wrong"; readonly message: string };

export const promptWords = [
  "add",
  "get",
  "delete",
  "list",
  "status",
  "peers",
  "why",
  "explain",
  "converged",
  "stale",
  "netcheck",
  "doctor",
  "info",
  "help",
  "exit",
] as const;

export const promptHelp = `add KEY VALUE   write a value (the rest of the line, exactly); add --ttl 30s KEY VALUE lets it expire
get KEY         print a value
delete KEY      delete a key on all members
list [PREFIX]   print keys and values
status          what this node holds and how it stands
peers           who is there
why PEER        why a peer is or is not connected, and what happens next
explain KEY     who wrote a key, how it came here, who holds it, what it beat
converged       whether all reachable members hold the same, now
stale           whether this node was away too long, and what it set aside
netcheck        interfaces, NAT, whether others can dial this node
doctor          what is wrong with this node and its machine, and what to do
info            identity, network, addresses
help            this list
exit            stop the node (so does ctrl-D)
`;

export function parsePromptLine(line: string): PromptCommand {
  const [, word = "", rest = ""] = /^\s*(\S*)(.*)$/s.exec(line) ?? [];
  switch (word) {
    case "":
      return { type: "nothing" };
    case "add":
    case "put":
      return parseAdd(rest);
    case "get":
    case "delete":
    case "explain":
      return parseKey(word, rest);
    case "list":
      return rest.trim().includes(" ") ? wrong("list takes one prefix") : { type: "list", prefix: rest.trim() };
    case "why":
      return parseWhy(rest);
    case "status":
    case "peers":
    case "converged":
    case "stale":
    case "netcheck":
    case "doctor":
    case "info":
    case "help":
    case "exit":
      return rest.trim() === "" ? { type: word } : wrong(`${word} takes nothing behind it`);
    case "quit":
      return { type: "exit" };
    default:
      return wrong(`unknown command ${JSON.stringify(word)}; help lists all`);
  }
}

/** A time to live stands in front, where it cannot be taken for a part of the value. */
function parseAdd(rest: string): PromptCommand {
  const [, ttl, behind] = /^\s+--ttl[ \t]+(\S+)(.*)$/s.exec(rest) ?? [];
  if (ttl === undefined || behind === undefined) return parsePair(rest);
  try {
    const [pair, ttlSeconds] = [parsePair(behind), secondsOf(ttl, "--ttl")];
    return pair.type === "add" ? { ...pair, ttlSeconds } : pair;
  } catch (error) {
    return wrong((error as Error).message);
  }
}

/** One space or tab separates key and value; any more belong to the value. */
function parsePair(rest: string): PromptCommand {
  const [, key, value] = /^\s+(\S+)[ \t](.*)$/s.exec(rest) ?? [];
  return key === undefined || value === undefined
    ? wrong("add needs a key and a value: add KEY VALUE")
    : { type: "add", key, value };
}

function parseKey(word: "get" | "delete" | "explain", rest: string): PromptCommand {
  const key = rest.trim();
  return key === "" || /\s/.test(key) ? wrong(`${word} needs one key: ${word} KEY`) : { type: word, key };
}

function parseWhy(rest: string): PromptCommand {
  const target = rest.trim();
  return target === "" || /\s/.test(target)
    ? wrong("why needs one peer id or address: why PEER")
    : { type: "why", target };
}

function wrong(message: string): PromptCommand {
  return { type: "wrong", message };
}
