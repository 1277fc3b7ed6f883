/** What was sent on each of our protocols since the start. */
import type { LinkProtocol } from "../../ports/network.ts";
import type { FrameTraffic } from "./driver-types.ts";

export class FrameCounts {
  readonly #counts: Readonly<Record<LinkProtocol, { frames: number; bytes: number }>> = {
    admit: none(),
    ack: none(),
    frontier: none(),
    walk: none(),
    peers: none(),
  };

  sent(protocol: LinkProtocol, bytes: number): void {
    this.#counts[protocol].frames += 1;
    this.#counts[protocol].bytes += bytes;
  }

  get frames(): number {
    return Object.values(this.#counts).reduce((sum, { frames }) => sum + frames, 0);
  }

  byProtocol(): Readonly<Record<LinkProtocol, FrameTraffic>> {
    const { admit, ack, frontier, walk, peers } = this.#counts;
    return { admit: { ...admit }, ack: { ...ack }, frontier: { ...frontier }, walk: { ...walk }, peers: { ...peers } };
  }
}

function none(): { frames: number; bytes: number } {
  return { frames: 0, bytes: 0 };
}
