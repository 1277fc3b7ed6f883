/** The shapes of what is stored as JSON. The compiler sees that no field is forgotten. */
import type { Version } from "../../core/data/version.ts";
import type { KnownAddress } from "../../ports/known-address.ts";
import type { CutMember, PartitionConflict, PartitionRecord } from "../../ports/partition.ts";
import type { PeerRule } from "../../ports/peer-rule.ts";
import type { StoreState } from "../../ports/store.ts";
import { type Check, type Shape, isFlag, isNumber, isText, list, oneOf, optional, record } from "./stored-json.ts";

export const stateShape: Shape<StoreState> = {
  incarnation: (value) => typeof value === "string" && /^[0-9a-f]{16}$/.test(value),
  sequence: isNumber,
  lastStamp: isNumber,
  values: isNumber,
  conflicts: isNumber,
  createdAt: isNumber,
  reconciledAt: optional(isNumber),
};

export const versionShape: Shape<Version> = { stamp: isNumber, author: isText, batch: isText };

export const addressShape: Shape<KnownAddress> = {
  address: isText,
  peer: isText,
  table: oneOf("new", "tried"),
  toldBy: isText,
  addedAt: isNumber,
  linkedAt: optional(isNumber),
  anchor: isFlag,
};

export const peerRuleShape: Shape<PeerRule> = {
  target: isText,
  kind: oneOf("ban", "allow"),
  source: oneOf("operator", "automatic"),
  reason: isText,
  since: isNumber,
  until: optional(isNumber),
  offences: isNumber,
};

const cutMember: Shape<CutMember> = {
  peer: isText,
  lostAt: isNumber,
  returnedAt: optional(isNumber),
  settledAt: optional(isNumber),
  heardThrough: optional(isText),
};

const side: Check = record<PartitionConflict["winner"]>({ author: isText, stamp: isNumber });
const conflict: Shape<PartitionConflict> = { key: isText, winner: side, loser: side, lostOn: oneOf("here", "there") };

export const partitionShape: Shape<PartitionRecord> = {
  id: isNumber,
  since: isNumber,
  endedAt: optional(isNumber),
  here: list(isText),
  there: list(record(cutMember)),
  ownWrites: isNumber,
  receivedWrites: isNumber,
  arrivedWrites: isNumber,
  conflicts: isNumber,
  lost: list(record(conflict)),
};

/** Ascending and apart, as they are written. */
export const isRange: Check = (value) =>
  Array.isArray(value) &&
  value.length === 2 &&
  isNumber(value[0]) &&
  isNumber(value[1]) &&
  value[0] >= 1 &&
  value[0] <= value[1];
