import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openLogFile } from "./log-file.ts";

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), "p2p-sync-log-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}
const nowhere = (line: string): never => {
  throw new Error(`not to be called with ${line}`);
};

test("folders and file are made at once, lines are appended, and a file moved away is followed by a new one", () => {
  const file = join(folder(), "logs", "deep", "node.log");
  const write = openLogFile(file, nowhere);
  expect([existsSync(file), statSync(file).mode & 0o777]).toEqual([true, 0o600]);
  write("one\n");
  write("two\n");
  renameSync(file, `${file}.1`);
  write("three\n");
  expect([readFileSync(`${file}.1`, "utf8"), readFileSync(file, "utf8")]).toEqual(["one\ntwo\n", "three\n"]);
});

test("a file that cannot be is refused by name, before anything is logged", () => {
  const dir = folder();
  writeFileSync(join(dir, "plain"), "");
  expect(() => openLogFile(join(dir, "plain", "node.log"), nowhere)).toThrow(
    /The log file .*plain\/node\.log cannot be written/,
  );
});

test("a line that cannot be written is said elsewhere, with the reason", () => {
  const file = join(folder(), "logs", "node.log");
  const said: string[] = [];
  const write = openLogFile(file, (line) => void said.push(line));
  rmSync(file);
  mkdirSync(file);
  write("lost\n");
  expect(said).toEqual([expect.stringMatching(/^lost \(not in .*EISDIR/)]);
});
