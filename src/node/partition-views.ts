/** The log of partitions in the facade's terms. */
import { peerIdOf } from "../codec/peer-id.ts";
import { phaseOf } from "../core/peers/partitions/record.ts";
import type { PartitionRecord } from "../ports/partition.ts";
import type { Partition } from "./insight.ts";

export function partitionOf(record: PartitionRecord): Partition {
  const { lost, there, ...rest } = record;
  return {
    ...rest,
    phase:
      phaseOf(record) === "ended" && there.every(({ returnedAt }) => returnedAt === undefined)
        ? "lapsed"
        : phaseOf(record),
    there,
    lost: lost.map(({ key, winner, loser, lostOn }) => ({
      key,
      winner: { stamp: winner.stamp, author: peerIdOf(winner.author) },
      loser: { stamp: loser.stamp, author: peerIdOf(loser.author) },
      lostOn,
    })),
  };
}
