/** What a link has carried since it was opened. */
import type { Instant } from "../../base/brand.ts";
import { now } from "./now.ts";

export class LinkUsage {
  readonly openedAt: Instant = now();
  readonly sent: { frames: number; bytes: number } = { frames: 0, bytes: 0 };
  readonly received: { frames: number; bytes: number } = { frames: 0, bytes: 0 };

  countSent(bytes: number): void {
    this.sent.frames += 1;
    this.sent.bytes += bytes;
  }

  countReceived(bytes: number): void {
    this.received.frames += 1;
    this.received.bytes += bytes;
  }
}
