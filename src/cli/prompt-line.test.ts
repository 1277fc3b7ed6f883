import { expect, test } from "vitest";
import { parsePromptLine, promptHelp, promptWords, type PromptCommand } from "./prompt-line.ts";

const cases: readonly [string, PromptCommand][] = [
  ["", { type: "nothing" }],
  ["   ", { type: "nothing" }],
  ["add k v", { type: "add", key: "k", value: "v" }],
  ["add k one two  three", { type: "add", key: "k", value: "one two  three" }],
  ["add k  v ", { type: "add", key: "k", value: " v " }],
  ["add k \"quoted\" 'too'", { type: "add", key: "k", value: "\"quoted\" 'too'" }],
  ["add k a\\nb", { type: "add", key: "k", value: "a\\nb" }],
  ["add k -v", { type: "add", key: "k", value: "-v" }],
  ["add k ", { type: "add", key: "k", value: "" }],
  ["add\tk\tv\tw", { type: "add", key: "k", value: "v\tw" }],
  ["  add  k v", { type: "add", key: "k", value: "v" }],
  ["put k v", { type: "add", key: "k", value: "v" }],
  ["add k grün 😀", { type: "add", key: "k", value: "grün 😀" }],
  ["add --ttl 30s k  v --ttl", { type: "add", key: "k", value: " v --ttl", ttlSeconds: 30 }],
  ["add --ttl 2h k v", { type: "add", key: "k", value: "v", ttlSeconds: 7_200 }],
  ["add --ttl 30s k", { type: "wrong", message: "add needs a key and a value: add KEY VALUE" }],
  ["add --ttl x k v", { type: "wrong", message: "--ttl is a time such as 90s, 30m, 12h or 7d, not x." }],
  ["add k", { type: "wrong", message: "add needs a key and a value: add KEY VALUE" }],
  ["add", { type: "wrong", message: "add needs a key and a value: add KEY VALUE" }],
  ["get k", { type: "get", key: "k" }],
  ["  get   k  ", { type: "get", key: "k" }],
  ["get", { type: "wrong", message: "get needs one key: get KEY" }],
  ["get a b", { type: "wrong", message: "get needs one key: get KEY" }],
  ["delete k", { type: "delete", key: "k" }],
  ["delete", { type: "wrong", message: "delete needs one key: delete KEY" }],
  ["explain k", { type: "explain", key: "k" }],
  ["explain", { type: "wrong", message: "explain needs one key: explain KEY" }],
  ["converged", { type: "converged" }],
  ["stale", { type: "stale" }],
  ["list", { type: "list", prefix: "" }],
  ["list a/", { type: "list", prefix: "a/" }],
  ["list a b", { type: "wrong", message: "list takes one prefix" }],
  ["status", { type: "status" }],
  ["peers ", { type: "peers" }],
  ["info", { type: "info" }],
  ["help", { type: "help" }],
  ["exit", { type: "exit" }],
  ["quit", { type: "exit" }],
  ["exit now", { type: "wrong", message: "exit takes nothing behind it" }],
  ["ADD k v", { type: "wrong", message: 'unknown command "ADD"; help lists all' }],
  ["addk v", { type: "wrong", message: 'unknown command "addk"; help lists all' }],
];

test.each(cases)("%j", (line, expected) => {
  expect(parsePromptLine(line)).toEqual(expected);
});

test("help names every command", () => {
  for (const word of promptWords) expect(promptHelp).toMatch(new RegExp(`^${word} `, "m"));
});
