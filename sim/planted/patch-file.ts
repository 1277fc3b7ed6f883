/**
 * A planted bug as a file: what is wrong, and up to five lines of production code put in another's
 * place.
 *
 *   wrong: one line in plain words
 *   scenario: name               (where the default mix does not do what it takes)
 *   file: src/path.ts            (may come again for another file)
 *   <<<<
 *   the text as it stands
 *   ====
 *   the text with the bug
 *   >>>>
 *
 * 1. The text must stand exactly once in its file; else the bug no longer applies and says so.
 * 2. A bug changes production code only, and at most five lines of it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

/** Lines a planted bug may bring. Guess: more is another program, not a slip. */
const linesMax = 5;

export interface Change {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export interface PlantedBug {
  readonly name: string;
  readonly wrong: string;
  readonly scenario: string | undefined;
  readonly changes: readonly Change[];
}

/** Throws with the file's name where it is not such a file. */
export function readBug(path: string): PlantedBug {
  const name = basename(path, ".patch");
  const refuse = (why: string): never => {
    throw new Error(`${name}: ${why}`);
  };
  const text = readFileSync(path, "utf8");
  const wrong = /^wrong: (.+)$/m.exec(text)?.[1] ?? refuse("says not what is wrong");
  const scenario = /^scenario: (.+)$/m.exec(text)?.[1];
  const changes: Change[] = [];
  let file: string | undefined;
  for (const part of text.matchAll(/^file: (.+)$|^<<<<\n([^]*?)\n====\n([^]*?)\n>>>>$/gm)) {
    if (part[1] !== undefined) file = part[1];
    else changes.push({ file: file ?? refuse("names no file"), from: part[2] as string, to: part[3] as string });
  }
  if (changes.length === 0) refuse("changes nothing");
  if (changes.some((change) => !change.file.startsWith("src/"))) refuse("is not in production code");
  if (changedLines(changes) > linesMax) refuse(`changes over ${linesMax} lines`);
  return { name, wrong, scenario, changes };
}

/** Puts the bug into a copy of the source tree; says why where it does not apply. */
export function plant({ name, changes }: PlantedBug, root: string): void {
  for (const { file, from, to } of changes) {
    const path = join(root, file);
    const parts = readFileSync(path, "utf8").split(from);
    if (parts.length !== 2)
      throw new Error(`${name} no longer applies: its text stands ${parts.length - 1} times in ${file}, not once`);
    writeFileSync(path, parts.join(to));
  }
}

function changedLines(changes: readonly Change[]): number {
  return changes.reduce((sum, { from, to }) => {
    const before = new Set(from.split("\n"));
    return sum + to.split("\n").filter((line) => !before.has(line)).length;
  }, 0);
}
