/**
 * Peers: who is there, one of them closely, and the order to dial.
 */
import { z } from "zod";
import { Fault } from "../../base/fault.ts";
import { jsonAnswer } from "../answers.ts";
import { limits } from "../limits.ts";
import {
  closedSchema,
  closedView,
  knownPeerSchema,
  knownPeersSchema,
  knownPeersView,
  rulesSchema,
  rulesView,
} from "../peer-views.ts";
import { jsonBody, route, type Route } from "../route.ts";
import { explanationSchema, explanationView } from "../views.ts";

const listPeers = route({
  method: "GET",
  path: "/v1/peers",
  open: false,
  query: z.strictObject({}),
  body: { type: "none" },
  summary: "All known peers with state, history, the addresses dialed and what each link costs",
  answers: { 200: { meaning: "The peers", schema: knownPeersSchema } },
  async handle({ facade }) {
    return jsonAnswer({ peers: await knownPeersView(facade) });
  },
});

const getPeer = route({
  method: "GET",
  path: "/v1/peers/{id}",
  open: false,
  query: z.strictObject({}),
  body: { type: "none" },
  summary: "One peer by its id",
  answers: { 200: { meaning: "The peer", schema: knownPeerSchema } },
  async handle({ facade, parameter }) {
    const peer = (await knownPeersView(facade)).find((known) => known.id === parameter);
    if (peer === undefined)
      throw new Fault("not_found", `There is no peer ${JSON.stringify(parameter.slice(0, 100))}.`, {
        peer: parameter.slice(0, 100),
      });
    return jsonAnswer(peer);
  },
});

const why = route({
  method: "GET",
  path: "/v1/why",
  open: false,
  query: z.strictObject({
    target: z.string().min(1).max(512).describe("Peer id, the beginning of one, or an address"),
  }),
  body: { type: "none" },
  summary: "Why a peer is or is not connected, and what happens next",
  answers: { 200: { meaning: "The chain of facts and a conclusion", schema: explanationSchema } },
  async handle({ facade, query }) {
    return jsonAnswer(explanationView(await facade.why(query.target)));
  },
});

const dialPeer = route({
  method: "POST",
  path: "/v1/peers/dial",
  open: false,
  query: z.strictObject({}),
  body: jsonBody(z.strictObject({ address: z.string() }), limits.smallBodyBytesMax),
  summary: "Connect to an address and keep it as a candidate, or find a peer by its id (/p2p/<peer id>)",
  answers: {
    202: { meaning: "Being dialed; GET /v1/peers shows how it goes", schema: z.object({ address: z.string() }) },
  },
  async handle({ facade, body }) {
    await facade.dial(body.address);
    return jsonAnswer({ address: body.address }, 202);
  },
});

const target = z.string().min(1).max(512).describe("Peer id or the beginning of one, IP address, or range of them");
const targetAnswer = z.object({ target: z.string().describe("In its one form") });

const listRules = route({
  method: "GET",
  path: "/v1/peer-rules",
  open: false,
  query: z.strictObject({}),
  body: { type: "none" },
  summary: "Who is banned and who is exempt, the latest first",
  answers: { 200: { meaning: "The rules in force", schema: rulesSchema } },
  async handle({ facade }) {
    return jsonAnswer(rulesView(await facade.peerControl.rules()));
  },
});

const setRule = route({
  method: "POST",
  path: "/v1/peer-rules",
  open: false,
  query: z.strictObject({}),
  body: jsonBody(
    z.strictObject({
      kind: z.enum(["ban", "allow"]),
      target,
      seconds: z.number().int().min(1).optional().describe("For good where it is left out"),
      reason: z.string().max(200).optional().describe("Told to the peer"),
    }),
    limits.smallBodyBytesMax,
  ),
  summary: "Ban a peer, an address or a range, or allow it whatever wider rules say",
  answers: { 200: { meaning: "In force; links of those who are banned are closed", schema: targetAnswer } },
  async handle({ facade, body: { kind, target: about, seconds, reason } }) {
    const options = {
      ...(seconds !== undefined && { forMs: seconds * 1_000 }),
      ...(reason !== undefined && { reason }),
    };
    return jsonAnswer(await facade.peerControl[kind](about, options));
  },
});

const liftRule = route({
  method: "DELETE",
  path: "/v1/peer-rules",
  open: false,
  query: z.strictObject({ target }),
  body: { type: "none" },
  summary: "Take a ban or an exemption back",
  answers: { 200: { meaning: "It holds no more", schema: targetAnswer } },
  async handle({ facade, query }) {
    return jsonAnswer(await facade.peerControl.lift(query.target));
  },
});

const disconnect = route({
  method: "POST",
  path: "/v1/peers/disconnect",
  open: false,
  query: z.strictObject({}),
  body: jsonBody(z.strictObject({ peer: target }), limits.smallBodyBytesMax),
  summary: "Close the links of a peer and ask it to stay away for a minute",
  answers: { 200: { meaning: "Its links are being closed", schema: z.object({ peer: z.string() }) } },
  async handle({ facade, body }) {
    return jsonAnswer(await facade.peerControl.disconnect(body.peer));
  },
});

const forget = route({
  method: "POST",
  path: "/v1/peers/forget",
  open: false,
  query: z.strictObject({}),
  body: jsonBody(z.strictObject({ target }), limits.smallBodyBytesMax),
  summary: "Do not dial a peer, or an address, any more",
  answers: { 200: { meaning: "Its addresses are forgotten", schema: targetAnswer } },
  async handle({ facade, body }) {
    return jsonAnswer(await facade.peerControl.forget(body.target));
  },
});

const closedLinks = route({
  method: "GET",
  path: "/v1/peers/closed",
  open: false,
  query: z.strictObject({}),
  body: { type: "none" },
  summary: "The last links that ended: when, by which side, why",
  answers: { 200: { meaning: "The latest first", schema: closedSchema } },
  handle({ facade }) {
    return jsonAnswer(closedView(facade.peerControl.closed()));
  },
});

export const peerRoutes: readonly Route[] = [
  listPeers,
  closedLinks,
  getPeer,
  why,
  dialPeer,
  disconnect,
  forget,
  listRules,
  setRule,
  liftRule,
];
