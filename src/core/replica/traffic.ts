/**
 * What comes over the network: decoded, and given to the machine it is for. A frame of a link that
 * is not admitted is not looked at, but for admit's own; a malformed one ends the link.
 */
import { unreachable } from "../../base/assert.ts";
import { isRelayed } from "../../base/relayed-address.ts";
import type { Bytes } from "../../base/bytes.ts";
import type { PeerId } from "../../base/brand.ts";
import { decodeAck } from "../../codec/ack.ts";
import { decodeAdmit } from "../../codec/admit.ts";
import { type Beacon, type FrontierMessage, decodeFrontier } from "../../codec/frontier.ts";
import { decodeGossip } from "../../codec/gossip.ts";
import { decodePeers } from "../../codec/peers.ts";
import type { Parcel } from "../../codec/parcel.ts";
import { authorOf } from "../../codec/peer-id.ts";
import { type WalkMessage, decodeWalk } from "../../codec/walk.ts";
import type { IntakeInput } from "../sync/intake/machine.ts";
import { admissionSkewMsMax, retryAfterSecondsMax } from "../peers/limits.ts";
import { takePeersMessage } from "./peer-talk.ts";
import { joiningEntriesMin } from "../sync/limits.ts";
import type { LinkId, LinkProtocol, NetworkEvent } from "../../ports/network.ts";
import type { StoreView } from "../../ports/store.ts";
import { takeCircumstances, takeReach } from "./circumstances.ts";
import {
  expel,
  expelSender,
  hearSummary,
  passOnPullFacts,
  passOnWalkFacts,
  stepAdmission,
  tellOpinion,
  wantWalk,
} from "./links.ts";
import { refusedAtDoor } from "./door.ts";
import { checkLinks } from "./link-check.ts";
import { type Parts, type Step, holdingsSeen, setScanned, tell } from "./parts.ts";
import { peerAlone, stepRouting, wantPeer } from "./routing-steps.ts";
import { judge, knownBatches, settle } from "./settle.ts";

// tidy: long because it is one switch with a few lines for each event
export function takeEvent(event: NetworkEvent, parts: Parts, step: Step): void {
  switch (event.type) {
    case "linkOpened": {
      const { link, peer, direction, attempt, address } = event;
      const relayed = isRelayed(address);
      parts.connections.step({ type: "linkOpened", link, peer, attempt, relayed }, step.now, step.out);
      const refused = refusedAtDoor(peer, address, parts, step);
      const allowed = parts.standing.allows(peer, address, step.now.wall);
      stepAdmission({ type: "linkOpened", link, peer, direction, address, refused, allowed }, parts, step);
      break;
    }
    case "linkClosed":
      stepAdmission(event, parts, step);
      break;
    case "linksStanding":
      checkLinks(event.links, parts, step);
      break;
    case "linkFailing": {
      const { link, code, reason } = event;
      stepAdmission({ type: "expelled", link, code, reason, retryAfterSeconds: 0 }, parts, step);
      break;
    }
    case "frameReceived":
      takeFrame(event, parts, step);
      break;
    case "frameRefused":
      refuseFrame(event, parts, step);
      break;
    case "peerMisbehaved":
      takeMisbehaviour(event, parts, step);
      break;
    case "gossipReceived":
      takeGossip(event, parts, step);
      break;
    case "dialFailed":
      takeDialFailure(event, parts, step);
      break;
    case "listening":
    case "guestsChanged":
    case "reserved":
    case "probed":
      takeReach(event, parts, step);
      break;
    case "rttMeasured": {
      const peer = parts.admission.peerOf(event.link);
      const what = { type: "answered", rttMs: event.rttMs } as const;
      if (peer === undefined) break;
      parts.connections.step({ type: "observed", peer, what }, step.now, step.out);
      tellOpinion(event.link, peer, parts, step);
      parts.serve.measured(event.link, event.rttMs);
      break;
    }
    case "candidateFound":
      takeCandidate(event, parts, step);
      break;
    case "resumed":
    case "addressesChanged":
      takeCircumstances(event, parts, step);
      break;
    case "drained":
      break; // pulls are paced by their own window
    default:
      unreachable(event);
  }
}

function takeDialFailure(event: Extract<NetworkEvent, { type: "dialFailed" }>, parts: Parts, step: Step): void {
  parts.connections.step(event, step.now, step.out);
  const { address } = event;
  const peer = peerInAddress(address);
  if (peer !== undefined) stepRouting({ type: "dialFailed", peer, address }, parts, step);
}

function takeCandidate(event: Extract<NetworkEvent, { type: "candidateFound" }>, parts: Parts, step: Step): void {
  const wanted = peerAlone(event.address);
  const peer = event.peer ?? peerInAddress(event.address);
  if (wanted !== undefined) wantPeer(wanted, parts, step);
  else parts.connections.step({ ...event, peer }, step.now, step.out);
}

/** The peer named by an address's last /p2p part, if it is an id this system can have. */
export function peerInAddress(address: string): PeerId | undefined {
  const id = /\/p2p\/([^/]+)$/.exec(address)?.[1];
  return id !== undefined && authorOf(id) !== undefined ? (id as PeerId) : undefined;
}

function takeFrame(event: Extract<NetworkEvent, { type: "frameReceived" }>, parts: Parts, step: Step): void {
  const { link, protocol, frame } = event;
  if (protocol === "admit") {
    const message = decodeAdmit(frame);
    if (message.ok) stepAdmission({ type: "message", link, message: message.value }, parts, step);
    else malformed(link, protocol, message.code, parts, step);
    return;
  }
  const peer = parts.admission.admittedPeer(link);
  if (peer === undefined) return; // sent before a goodbye crossed it
  parts.detector.heard(link, step.now, step.out);
  const bad = takeAdmitted(link, peer, protocol, frame, parts, step);
  if (bad !== undefined) malformed(link, protocol, bad, parts, step);
}

/** Says what is wrong with a frame that cannot be understood. */
function takeAdmitted(
  link: LinkId,
  peer: PeerId,
  protocol: Exclude<LinkProtocol, "admit">,
  frame: Bytes,
  parts: Parts,
  step: Step,
): string | undefined {
  switch (protocol) {
    case "ack": {
      const ack = decodeAck(frame);
      if (!ack.ok) return ack.code;
      parts.acknowledgement.step({ type: "ackReceived", peer, ack: ack.value }, step.now, step.out);
      return undefined;
    }
    case "walk": {
      const message = decodeWalk(frame);
      if (!message.ok) return message.code;
      takeWalk(link, peer, message.value, frame, parts, step);
      return undefined;
    }
    case "frontier": {
      const message = decodeFrontier(frame);
      if (!message.ok) return message.code;
      takeFrontier(link, peer, message.value, frame, parts, step);
      return undefined;
    }
    case "peers": {
      const message = decodePeers(frame);
      if (!message.ok) return message.code;
      takePeersMessage(link, peer, message.value, parts, step);
      return undefined;
    }
  }
}

function takeFrontier(
  link: LinkId,
  peer: PeerId,
  message: FrontierMessage,
  frame: Bytes,
  parts: Parts,
  step: Step,
): void {
  const { now, view, out } = step;
  const holdings = holdingsSeen(parts);
  if ((message.type === "pull" || message.type === "done") && !hearBeacon(link, peer, message.beacon, parts, step))
    return;
  switch (message.type) {
    case "pull": {
      hearSummary(peer, message.beacon.summary, undefined, parts, step);
      const gaps = parts.serve.step({ type: "pullReceived", link, peer, pull: message }, holdings, view, now, out);
      if (gaps !== undefined) parts.comparison.namedFrontier(peer, gaps, now.wall);
      break;
    }
    case "more":
      parts.serve.step({ type: "moreReceived", link, session: message.session }, holdings, view, now, out);
      break;
    case "summarise":
      parts.prefixes.serve(link, message, setScanned(parts, step), now, out);
      break;
    case "summarised":
      parts.prefixes.answered(peer, message);
      break;
    case "parcels":
      takeParcels(link, peer, message, frame.length, parts, step);
      break;
    case "fresh":
      takeFresh(link, peer, message.payload, parts, step);
      break;
    case "done":
    case "serving":
    case "superseded":
      passOnPullFacts(parts.pull.step({ type: "messageReceived", link, message }, holdings, now, out), parts, step);
      break;
    default:
      unreachable(message);
  }
}

function takeWalk(link: LinkId, peer: PeerId, message: WalkMessage, frame: Bytes, parts: Parts, step: Step): void {
  const { now, view, out } = step;
  const holdings = holdingsSeen(parts);
  if ((message.type === "open" || message.type === "opened") && !hearBeacon(link, peer, message.beacon, parts, step))
    return;
  switch (message.type) {
    case "open":
    case "ask":
    case "more":
    case "close":
      for (const fact of parts.walkServe.step(
        { type: "messageReceived", link, peer, message },
        holdings,
        view,
        now,
        out,
      )) {
        if (!isJoining(fact.link, peer, parts)) wantWalk(fact.link, peer, parts, step);
      }
      break;
    case "opened":
    case "answer":
    case "ended":
      passOnWalkFacts(parts.walkAsk.step({ type: "messageReceived", link, message }, holdings, now, out), parts, step);
      break;
    case "parcels": {
      const { session, parcels } = message;
      if (!parts.walkAsk.expects(link, session)) return; // of a walk that was given up
      const received = { type: "parcelsReceived", link, session, count: parcels.length } as const;
      passOnWalkFacts(parts.walkAsk.step(received, holdings, now, out), parts, step);
      takeLoad(
        { type: "load", from: peer, source: { type: "walk", session }, parcels, bytes: frame.length },
        parts,
        step,
      );
      break;
    }
    default:
      unreachable(message);
  }
}

/** A pull brings most of the peer's set: whole batches, where a walk would get them entry by entry. */
function isJoining(link: LinkId, peer: PeerId, { pull, comparison }: Parts): boolean {
  const heard = comparison.members().find((member) => member.peer === peer)?.heard;
  return heard !== undefined && pull.mayStillBring(link) && heard.theirs > 2 * heard.ours + joiningEntriesMin;
}

/** A clock that has gone too far off for admission ends the link; false then. */
function hearBeacon(
  link: LinkId,
  peer: PeerId,
  { clock, stale, full, heldBack }: Beacon,
  parts: Parts,
  step: Step,
): boolean {
  parts.freshness.heard(peer, !stale, step.now.mono);
  parts.comparison.holdsBack(peer, { batches: heldBack, full });
  const offsetMs = clock - step.now.wall;
  if (Math.abs(offsetMs) <= admissionSkewMsMax) {
    parts.clock.heard(peer, offsetMs);
    return true;
  }
  const reason = `your clock is ${Math.round(offsetMs / 1000)} s off ours; at most ${admissionSkewMsMax / 1000} s is admitted`;
  stepAdmission({ type: "expelled", link, code: "clock", reason, retryAfterSeconds: 0 }, parts, step);
  return false;
}

function takeParcels(
  link: LinkId,
  peer: PeerId,
  { session, parcels }: Extract<FrontierMessage, { type: "parcels" }>,
  bytes: number,
  parts: Parts,
  step: Step,
): void {
  if (!parts.pull.expects(link, session)) return; // of a pull that was given up
  const received = { type: "parcelsReceived", link, session, count: parcels.length } as const;
  passOnPullFacts(parts.pull.step(received, holdingsSeen(parts), step.now, step.out), parts, step);
  takeLoad({ type: "load", from: peer, source: { type: "pull", session }, parcels, bytes }, parts, step);
}

function takeLoad(load: Extract<IntakeInput, { type: "load" }>, parts: Parts, step: Step): void {
  const checked = parts.intake.step(load, knownBatches(parts, step), step.now, step.out);
  if (checked !== undefined) passOnPullFacts(settle(checked, parts, step), parts, step);
}

function takeGossip(event: Extract<NetworkEvent, { type: "gossipReceived" }>, parts: Parts, step: Step): void {
  const { message, from, payload } = event;
  const link = parts.admission.linkOf(from);
  if (link !== undefined) parts.detector.heard(link, step.now, step.out);
  const decoded = decodeGossip(payload);
  if (!decoded.ok) {
    const isUnknown = decoded.code === "versionUnknown"; // perhaps good, for a newer program
    judge(message, isUnknown ? "ignore" : "reject", step.out);
    tell({ type: "parcelRefused", author: undefined, from, reason: decoded.code }, step);
    if (!isUnknown) expelSender(from, `malformed gossip (${decoded.code})`, parts, step);
    return;
  }
  if (parts.disk.holdsOff && !freesRoom(decoded.value, step.view)) return judge(message, "ignore", step.out);
  const batches = decoded.value.length;
  const source = { type: "gossip", message, payload, receivedAt: step.now.mono, batches } as const;
  takeLoad({ type: "load", from, source, parcels: decoded.value, bytes: payload.length }, parts, step);
}

/** What others have deleted is taken also where there is no room for anything else. */
function freesRoom(parcels: readonly Parcel[], view: StoreView): boolean {
  return parcels.every(({ ops }) =>
    ops.every(({ op }) => op.content.type === "tombstone" && view.living(op.key) !== undefined),
  );
}

/** What waited for us where we were missed; an unknown version is perhaps good, for a newer program. */
function takeFresh(link: LinkId, peer: PeerId, payload: Bytes, parts: Parts, step: Step): void {
  const decoded = decodeGossip(payload);
  if (!decoded.ok) {
    if (decoded.code !== "versionUnknown") malformed(link, "frontier", decoded.code, parts, step);
    return;
  }
  if (parts.disk.holdsOff && !freesRoom(decoded.value, step.view)) return;
  const source = { type: "fresh", payload, receivedAt: step.now.mono, batches: decoded.value.length } as const;
  takeLoad({ type: "load", from: peer, source, parcels: decoded.value, bytes: payload.length }, parts, step);
}

function takeMisbehaviour(event: Extract<NetworkEvent, { type: "peerMisbehaved" }>, parts: Parts, step: Step): void {
  const { link, reason } = event;
  const peer = parts.admission.peerOf(link);
  if (peer === undefined) return;
  tell({ type: "peerMisbehaved", peer, reason }, step);
  expel(link, peer, reason, parts, step);
}

function malformed(link: LinkId, protocol: LinkProtocol, code: string, parts: Parts, step: Step): void {
  const peer = parts.admission.peerOf(link);
  if (peer === undefined) return;
  tell({ type: "frameMalformed", peer, protocol, code }, step);
  expel(link, peer, `a malformed frame on ${protocol} (${code})`, parts, step);
}

function refuseFrame(event: Extract<NetworkEvent, { type: "frameRefused" }>, parts: Parts, step: Step): void {
  const { link, protocol, lengthBytes, lengthBytesMax, breaksProtocol } = event;
  const peer = parts.admission.peerOf(link);
  if (peer === undefined) return;
  tell({ type: "frameRefused", peer, protocol, lengthBytes, lengthBytesMax }, step);
  const what = `a frame of ${lengthBytes} bytes on ${protocol}`;
  if (breaksProtocol) return expel(link, peer, `${what}; at most ${lengthBytesMax}`, parts, step);
  const reason = `${what}; this node's operator lets at most ${lengthBytesMax} pass (limits.max_frame)`;
  const parting = { code: "other", reason, retryAfterSeconds: retryAfterSecondsMax } as const;
  stepAdmission({ type: "expelled", link, ...parting }, parts, step);
}
