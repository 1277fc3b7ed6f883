/**
 * Words that must not be committed in any text file. This file and its test have to contain them.
 */
import type { Problem } from "./problem.ts";

interface Ban {
  readonly rule: string;
  readonly pattern: RegExp;
  readonly message: string;
}

const bans: readonly Ban[] = [
  {
    rule: "no-loose-ends",
    pattern: /\b(TODO|FIXME|XXX)\b/,
    message: "Do it now, or open an issue and say in words what is missing.",
  },
  {
    rule: "no-registry-hosts",
    pattern: /registry\.npmjs|npmjs\.org|registry\.yarnpkg|npmmirror/i,
    message: "A registry host ties every clone to that host. Remove it; .npmrc keeps it out of the lockfile.",
  },
  {
    rule: "no-own-paths",
    pattern: /(?:^|[\s"'`(=])\/(?:work|home\/[a-z]+|Users\/[a-zA-Z]+)\//,
    message: "A path of one machine means nothing on another. Make it relative, or use a temporary folder.",
  },
];

const ownFiles = ["tools/tidy/words.ts", "tools/tidy/words.test.ts"];

export function checkWords(path: string, text: string): Problem[] {
  if (ownFiles.includes(path)) return [];
  const problems: Problem[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    for (const { rule, pattern, message } of bans) {
      const found = pattern.exec(line);
      if (found !== null) problems.push({ path, line: index + 1, rule, message: `"${found[0].trim()}": ${message}` });
    }
  }
  return problems;
}
