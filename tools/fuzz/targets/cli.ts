/**
 * The command line: whatever the words are, the program ends with one of its exit codes, and what
 * failed is no error of its own. One word a line; behind an empty line stands what it reads.
 *
 * Nothing outside a scratch folder is touched and nobody is asked: words that name another place
 * or another host are bent back, no node can be started, and `testnet` may only look.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { assert } from "../../../src/base/assert.ts";
import { type Bytes, utf8Encode } from "../../../src/base/bytes.ts";
import { Fault } from "../../../src/base/fault.ts";
import type { Prng } from "../../../src/base/prng.ts";
import { promptWords } from "../../../src/cli/prompt-line.ts";
import { createProgram, runProgram } from "../../../src/cli/program.ts";
import type { Shell } from "../../../src/cli/shell.ts";
import { settingNames, settingOf } from "../../../src/config/settings.ts";
import { anyKey } from "../samples.ts";
import { scratchFolder } from "../scratch-folder.ts";
import type { Decoding, Target } from "../target.ts";
import { anyAddress, anyPeer } from "./text.ts";

const wordsMax = 12;
/** Guess: a port that nobody listens on. */
const deafUrl = "http://127.0.0.1:1";

class Kept extends Writable {
  text = "";

  override _write(chunk: Buffer | string, _encoding: string, done: () => void): void {
    this.text += String(chunk);
    done();
  }
}

function shellIn(folder: string, input: Bytes): Shell & { readonly stdout: Kept; readonly stderr: Kept } {
  return {
    stdin: Readable.from(input.length === 0 ? [] : [Buffer.from(input)]),
    stdout: new Kept(),
    stderr: new Kept(),
    environment: {},
    workingDir: folder,
    homeDir: folder,
    version: "0.0.0",
  };
}

async function look(bytes: Bytes): Promise<Decoding> {
  const text = Buffer.from(bytes).toString("utf8");
  const end = text.indexOf("\n\n");
  const words = (end < 0 ? text : text.slice(0, end)).split("\n").slice(0, wordsMax).map(bent);
  if (words.includes("testnet") && words.some((word) => ["up", "run", "start", "restart", "down"].includes(word)))
    return { outcome: "ok, but not run here", again: undefined };
  const folder = join(scratchFolder(), "home");
  mkdirSync(folder, { recursive: true });
  const shell = shellIn(folder, utf8Encode(end < 0 ? "" : text.slice(end + 2)));
  const exit = await runProgram(words, shell, () => {
    throw new Fault("disk_full", "no node starts here");
  });
  assert([0, 1, 2, 3, 4].includes(exit), `the exit code is ${exit}`);
  const wrong = shell.stderr.text;
  assert(!wrong.includes("an unexpected error"), `an error of its own: ${wrong}`);
  assert(exit === 0 || wrong !== "" || shell.stdout.text !== "", "a failure says something");
  return { outcome: `ok ${exit}`, again: undefined };
}

/** Every path leads into the scratch folder, every address to a port without a listener. */
function bent(word: string): string {
  if (/^(--api=?)?https?:/i.test(word)) return word.startsWith("--api") ? `--api=${deafUrl}` : deafUrl;
  return word.replaceAll("..", "_").replaceAll(/[/~\\]/g, "_");
}

/** The words of all commands, and what they know of flags. */
function vocabulary(): readonly string[] {
  const program = createProgram(shellIn(scratchFolder(), new Uint8Array(0)), { exit: 0 }, () => {
    throw new Error("only its words are wanted");
  });
  const words: string[] = [];
  const gather = (command: typeof program): void => {
    words.push(
      command.name(),
      ...command.options.flatMap(({ long, short }) =>
        [long, short].filter((each) => each !== undefined && each !== null),
      ),
    );
    command.commands.forEach(gather);
  };
  gather(program);
  return [...new Set([...words, ...promptWords])];
}

let words: readonly string[] | undefined;

function anyWords(prng: Prng): Bytes {
  const known = (words ??= vocabulary());
  const values = (): string =>
    prng.pick([
      anyKey(prng),
      anyPeer(prng),
      anyAddress(prng),
      deafUrl,
      String(prng.below(70_000)),
      prng.pick(["5s", "1,2|3", "1-2", "30%", "-", "true", "debug", settingOf(prng.pick(settingNames)).key]),
    ]);
  const line = Array.from({ length: prng.below(8) }, () => (prng.chance(0.5) ? prng.pick(known) : values()));
  const verbs = [
    "put",
    "get",
    "list",
    "status",
    "why",
    "start",
    "config\ncheck",
    "config\nshow",
    "testnet\nstatus",
    "verify",
  ];
  return utf8Encode([prng.pick([...verbs, prng.pick(known)]), ...line].join("\n"));
}

export const targets: readonly Target[] = [
  {
    name: "cli",
    group: "cli",
    covers: ["cli/program.ts runProgram"],
    batch: 16,
    valid: anyWords,
    heaviest: () => [],
    decode: look,
    look,
  },
];
