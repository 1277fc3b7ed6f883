/**
 * What an operator may change of a replica while it runs. Machines read these at the moment of use, through
 * getters over the one object that `Parts` holds, so that a change is in force with the next step.
 */
import type { Millis, PeerId } from "../../base/brand.ts";
import type { IpRange } from "../../base/ip-range.ts";
import type { DetectorOptions } from "../peers/detector/machine.ts";
import type { PeerLimits } from "../peers/peer-limits.ts";
import type { DiskLimits } from "./disk-room.ts";

export interface LiveOptions {
  readonly pullEveryMs: Millis;
  /** Prefixes of keys that are wanted before all others. */
  readonly first: readonly string[];
  /** How long a member that was lost without a goodbye may be away before it counts as cut off. */
  readonly cutOffMs: Millis;
  /** Peers that are wanted before all others. */
  readonly validators: readonly PeerId[];
  /** The usual ones where it is left out. */
  readonly peerLimits?: PeerLimits | undefined;
  /** Where any number of peers may dial in from. */
  readonly exemptRanges: readonly IpRange[];
  readonly detector: DetectorOptions;
  /** Room on disk; without it nothing is limited, and nobody need measure. */
  readonly disk?: DiskLimits | undefined;
}

/** The options in force. */
export interface Live {
  current: LiveOptions;
}

export function liveOptionsIn(options: LiveOptions): LiveOptions {
  const { pullEveryMs, first, cutOffMs, validators, peerLimits, exemptRanges, detector, disk } = options;
  return { pullEveryMs, first, cutOffMs, validators, peerLimits, exemptRanges, detector, disk };
}
