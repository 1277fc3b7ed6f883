/**
 * How far a testnet has come, on standard error: one line that is rewritten in a terminal, a line
 * per change elsewhere.
 */
import type { Shell } from "../../shell.ts";
import type { Progress } from "../../testnet/testnet.ts";

export interface ProgressLine {
  readonly show: (progress: Progress) => void;
  end(): void;
}

export function createProgressLine({ stderr }: Pick<Shell, "stderr">): ProgressLine {
  let last = "";
  return {
    show(progress) {
      const { ready, nodes, links, linksWanted, elapsedMs } = progress;
      const text = `ready ${ready}/${nodes}, links ${links}/${linksWanted}`;
      const timed = `${text}, ${(elapsedMs / 1_000).toFixed(1)} s`;
      if (stderr.isTTY === true) stderr.write(`\r\u001b[K${timed}`);
      else if (text !== last) stderr.write(`${timed}\n`);
      last = text;
    },
    end() {
      if (stderr.isTTY === true) stderr.write("\n");
    },
  };
}
