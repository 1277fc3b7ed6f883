/**
 * Numbers of gossipsub as the driver runs it, for the model of it. The model may not ask the
 * library; `npm run sim:calibrate` holds them against real processes.
 */
import type { Millis } from "../src/base/brand.ts";
import { varintBytes } from "./traffic.ts";

/** Links a node forwards over: it adds some below `low`, up to `aim`, and drops some above `high`. Source: the library's D, Dlo, Dhi. */
export const meshLinks = { low: 4, aim: 6, high: 12 } as const;
/** Of these, links that it dialed itself. Source: the library's Dout. */
export const meshDialedMin = 2;
/** Time in which a dropped link is not asked for again. Source: the library's default. */
export const pruneBackoffMs: Millis = 60_000;
/** Share of peers that say what they listen to before our own stream to them stands: only a heartbeat takes these into the mesh. Source: fitted to the mesh of 20 real nodes linked with each, 7.3 to 8.0 links for each in four runs; this gives 7.0 to 8.0, none 7.0. */
export const lateStreamShare = 0.5;
/** Source: the library's default. */
export const heartbeatMs: Millis = 1_000;
/** Links outside the mesh that are told at a heartbeat what is there; or this share of them where it is more. Source: the library's Dlazy and gossip factor. */
export const toldLinks = 6;
export const toldShare = 0.25;
/** Heartbeats a message is kept for those who ask, and of those, told of. Source: `gossipHistory` of the driver. */
export const historyBeats = { kept: 3, told: 2 } as const;
/** Payload up to which an own message goes to all who listen. Source: `floodPayloadBytesMax` of the driver. */
export const floodPayloadBytesMax: number = 16 * 1024;
/** Payload from which the mesh is told not to send it again. Source: the library's default. */
export const unwantedPayloadBytesMin = 512;

/** Bytes of an RPC that says so. Source: measured, the library's encoder with a topic of 25 bytes. */
export const subscriptionBytes = 31;
export const graftBytes = 31;
export const pruneBytes = 33;
export const unwantedBytes = 26;
const topicFieldBytes = 27;
/** An id of 20 bytes in its field. */
const idFieldBytes = 22;

export function advertisementBytes(ids: number): number {
  return 33 + idFieldBytes * ids;
}

export function requestBytes(ids: number): number {
  return 6 + idFieldBytes * ids;
}

/** What grows beside the payload are the two length prefixes around it. */
export function messageBytes(payload: number): number {
  const inside = 1 + varintBytes(payload) + payload + topicFieldBytes;
  return 1 + varintBytes(inside) + inside;
}
