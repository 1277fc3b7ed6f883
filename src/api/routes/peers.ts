/**
 * Peers: who is there, one of them closely, and the order to dial.
 */
import { z } from "zod";
import { Fault } from "../../base/fault.ts";
import { jsonAnswer } from "../answers.ts";
import { limits } from "../limits.ts";
import { jsonBody, route, type Route } from "../route.ts";
import { explanationSchema, explanationView, peerSchema, peersSchema, peerView } from "../views.ts";

const listPeers = route({
  method: "GET",
  path: "/v1/peers",
  open: false,
  query: z.strictObject({}),
  body: { type: "none" },
  summary: "All known peers and links, with state and history",
  answers: { 200: { meaning: "The peers", schema: peersSchema } },
  handle({ facade }) {
    return jsonAnswer({ peers: facade.peers().map(peerView) });
  },
});

const getPeer = route({
  method: "GET",
  path: "/v1/peers/{id}",
  open: false,
  query: z.strictObject({}),
  body: { type: "none" },
  summary: "One peer by its id",
  answers: { 200: { meaning: "The peer", schema: peerSchema } },
  handle({ facade, parameter }) {
    const peer = facade.peers().find((known) => known.id === parameter);
    if (peer === undefined)
      throw new Fault("not_found", `There is no peer ${JSON.stringify(parameter.slice(0, 100))}.`, {
        peer: parameter.slice(0, 100),
      });
    return jsonAnswer(peerView(peer));
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
  summary: "Connect to an address and keep it as a candidate",
  answers: {
    202: { meaning: "Being dialed; GET /v1/peers shows how it goes", schema: z.object({ address: z.string() }) },
  },
  async handle({ facade, body }) {
    await facade.dial(body.address);
    return jsonAnswer({ address: body.address }, 202);
  },
});

export const peerRoutes: readonly Route[] = [listPeers, getPeer, why, dialPeer];
