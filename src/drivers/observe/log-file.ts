/**
 * Log lines in a file. Each line is appended by the file's name, so that a file that was moved away
 * by log rotation is followed by a new one at once, and nothing has to be closed.
 */
import { appendFileSync } from "node:fs";
import { dirname } from "node:path";
import { Fault } from "../../base/fault.ts";
import { makeFolder } from "../system/make-folder.ts";

/**
 * Makes the file and its missing folders. A line that cannot be written later goes to `instead`,
 * with the reason; a node does not stop for its log. Throws `data_dir_unusable`.
 */
export function openLogFile(path: string, instead: (line: string) => void): (line: string) => void {
  const append = (line: string): void => appendFileSync(path, line, { mode: 0o600 });
  try {
    makeFolder(dirname(path));
    append("");
  } catch (error) {
    throw new Fault(
      "data_dir_unusable",
      `The log file ${path} cannot be written: ${(error as Error).message}.`,
      { path },
      error,
    );
  }
  return (line) => {
    try {
      append(line);
    } catch (error) {
      instead(`${line.trimEnd()} (not in ${path}: ${(error as Error).message})\n`);
    }
  };
}
