/**
 * Progress of long work on standard error: one line that is rewritten in a terminal, a line every
 * five seconds elsewhere, nothing for what is over within a second. Rate over the whole run; the
 * time left from the share that is done, where that is known.
 */
import type { Shell } from "./shell.ts";
import { duration } from "./text.ts";

const firstShownMs = 1_000;
const terminalEveryMs = 200;
const linesEveryMs = 5_000;
const barWidth = 20;

export interface Progress {
  /** `share` is 0 to 1, undefined where the end is not known. */
  show(done: number, share: number | undefined): void;
  /** Ends the line in a terminal. */
  end(): void;
  seconds(): number;
}

export function createProgress(
  { stderr }: Pick<Shell, "stderr">,
  what: string,
  now = () => performance.now(),
): Progress {
  const began = now();
  const isTerminal = stderr.isTTY === true;
  let [shownAt, isOpen] = [began + firstShownMs - linesEveryMs, false];
  return {
    show(done, share) {
      const time = now();
      if (time - began < firstShownMs || time - shownAt < (isTerminal ? terminalEveryMs : linesEveryMs)) return;
      shownAt = time;
      const text = progressText(done, what, share, (time - began) / 1_000);
      stderr.write(isTerminal ? `\r\u001b[K${bar(share)}${text}` : `${text}\n`);
      isOpen = isTerminal;
    },
    end() {
      if (isOpen) stderr.write("\r\u001b[K");
      isOpen = false;
    },
    seconds: () => (now() - began) / 1_000,
  };
}

function progressText(done: number, what: string, share: number | undefined, seconds: number): string {
  const rate = `${done.toLocaleString("en-US")} ${what}, ${Math.round(done / seconds).toLocaleString("en-US")}/s`;
  if (share === undefined || share <= 0) return rate;
  return `${rate}, ${Math.floor(share * 100)} %, ${duration((seconds / share) * (1 - share))} left`;
}

function bar(share: number | undefined): string {
  if (share === undefined) return "";
  const filled = Math.round(Math.min(share, 1) * barWidth);
  return `[${"#".repeat(filled)}${".".repeat(barWidth - filled)}] `;
}
