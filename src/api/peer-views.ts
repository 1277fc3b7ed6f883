/**
 * The JSON forms of rules about peers and of links that ended. What is not known is null, never absent.
 */
import { z } from "zod";
import type { NodeFacade, PeerStatus } from "../node/facade.ts";
import type { ClosedLink, KnownAddress, LinkResources, PeerRule, WaitingMessages } from "../node/peers-facade.ts";
import { peerSchema, peerView, rfc3339 } from "./views.ts";

const time = z.string().describe("RFC 3339, UTC");

export const ruleSchema = z.object({
  target: z.string().describe("A peer id, an IP address or a range of them"),
  kind: z.enum(["ban", "allow"]),
  source: z.enum(["operator", "automatic"]),
  reason: z.string(),
  since: time,
  until: time.nullable().describe("null where it holds until somebody lifts it"),
  offences: z.number().int().describe("Automatic bans so far: each is longer than the one before"),
});

export const rulesSchema = z.object({ rules: z.array(ruleSchema) });

export const closedSchema = z.object({
  closed: z.array(
    z.object({
      link: z.number().int(),
      peer: z.string(),
      address: z.string(),
      direction: z.enum(["inbound", "outbound"]),
      at: time,
      lastedSeconds: z.number().nullable().describe("null where it was never admitted"),
      by: z.enum(["us", "them", "nobody"]).describe("Who said goodbye; nobody where the link broke"),
      code: z.string(),
      reason: z.string(),
      seenThere: z.string().nullable().describe("Why the other side saw it end, where it told so when it was back"),
    }),
  ),
});

const addressSchema = z.object({
  address: z.string(),
  transport: z.string().describe("Such as tcp/ip4"),
  source: z.string(),
  lastTryAt: time.nullable(),
  lastSuccessAt: time.nullable().describe("When a dial of it last led to a link"),
  lastFailure: z.object({ code: z.string(), reason: z.string() }).nullable().describe("Of the last dial"),
  failures: z.number().int().describe("In a row"),
  dialing: z.boolean(),
  notBefore: time.describe("Not dialed before; while its peer is linked, not at all"),
});

const countSchema = z.object({ frames: z.number().int(), bytes: z.number().int() });

export const linkSchema = z.object({
  link: z.number().int(),
  peer: z.string(),
  direction: z.enum(["inbound", "outbound"]),
  address: z.string(),
  openedAt: time,
  admitted: z.boolean(),
  sent: countSchema.describe("Frames of this program's own protocols, without gossip"),
  received: countSchema,
  socket: z
    .object({ sentBytes: z.number().int(), receivedBytes: z.number().int() })
    .describe("All protocols, encrypted"),
  streams: z.number().int().describe("Open now"),
  queuedBytes: z.number().int().describe("Waiting to be sent"),
  untakenBytes: z.number().int().describe("Received and not yet dealt with"),
});

const waitingSchema = z
  .object({
    messages: z.number().int(),
    bytes: z.number().int(),
    oldestSeconds: z.number().nullable().describe("Age of the oldest"),
  })
  .nullable()
  .describe("Kept for a member that was lost, and sent when it is back; null for others");

/** A peer with the addresses it is dialed at and what its links cost. */
export const knownPeerSchema = peerSchema.extend({
  addresses: z.array(addressSchema),
  links: z.array(linkSchema),
  waiting: waitingSchema,
});
export const knownPeersSchema = z.object({ peers: z.array(knownPeerSchema) });

export type KnownPeerView = z.infer<typeof knownPeerSchema>;
export type LinkView = z.infer<typeof linkSchema>;
export type RulesView = z.infer<typeof rulesSchema>;
export type ClosedView = z.infer<typeof closedSchema>;

export function rulesView(rules: readonly PeerRule[]): RulesView {
  return {
    rules: rules.map(({ since, until, ...rest }) => ({
      ...rest,
      since: rfc3339(since),
      until: until === undefined ? null : rfc3339(until),
    })),
  };
}

export function closedView(closed: readonly ClosedLink[]): ClosedView {
  return {
    closed: closed.map(({ at, lastedMs, seenThere, ...rest }) => ({
      ...rest,
      at: rfc3339(at),
      seenThere: seenThere ?? null,
      lastedSeconds: lastedMs === undefined ? null : lastedMs / 1_000,
    })),
  };
}

/** Every peer of the node as it stands now. */
export async function knownPeersView(facade: NodeFacade): Promise<readonly KnownPeerView[]> {
  const addresses = await facade.peerControl.addresses();
  const links = facade.peerControl.links();
  const waiting = await facade.peerControl.waiting();
  return facade.peers().map((peer) => ({
    ...peerView(peer),
    addresses: addresses.filter((known) => livesAt(peer, known)).map(addressView),
    links: links.filter(({ peer: id }) => id === peer.id).map(linkView),
    waiting: waitingView(waiting.find(({ peer: id }) => id === peer.id)),
  }));
}

function waitingView(waiting: WaitingMessages | undefined): KnownPeerView["waiting"] {
  if (waiting === undefined) return null;
  const { messages, bytes, oldestMs } = waiting;
  return { messages, bytes, oldestSeconds: oldestMs === undefined ? null : oldestMs / 1_000 };
}

function livesAt({ id, address }: PeerStatus, known: KnownAddress): boolean {
  return known.address === address || (id !== undefined && known.peer === id);
}

function addressView(known: KnownAddress): KnownPeerView["addresses"][number] {
  const { address, transport, source, failures, dialing, lastTryAt, lastSuccessAt, lastFailure, notBefore } = known;
  return {
    ...{ address, transport, source, failures, dialing },
    lastTryAt: lastTryAt === undefined ? null : rfc3339(lastTryAt),
    lastSuccessAt: lastSuccessAt === undefined ? null : rfc3339(lastSuccessAt),
    lastFailure: lastFailure === undefined ? null : { ...lastFailure },
    notBefore: rfc3339(notBefore),
  };
}

function linkView({ openedAt, sent, received, socket, ...rest }: LinkResources): LinkView {
  const counts = { sent: { ...sent }, received: { ...received }, socket: { ...socket } };
  return { ...rest, openedAt: rfc3339(openedAt), ...counts };
}
