/**
 * Proofs about single keys. On a path of its own, for everything behind `/v1/kv/` is a key.
 */
import { z } from "zod";
import { wantsJson } from "../accept.ts";
import { bytesAnswer, jsonAnswer } from "../answers.ts";
import { route, type Route } from "../route.ts";
import { proofSchema, proofView } from "../views.ts";

const prove = route({
  method: "GET",
  path: "/v1/proof/{key}",
  open: false,
  query: z.strictObject({}),
  body: { type: "none" },
  summary: "A proof that a key is in the set with this operation, or is not in it: raw bytes, or JSON",
  answers: {
    200: {
      meaning: "The proof, also of absence; x-root and x-count describe the set it is of",
      schema: proofSchema,
      mediaType: "application/octet-stream",
    },
  },
  async handle({ facade, parameter, incoming }) {
    const proof = await facade.prove(parameter);
    const headers = { "x-root": proof.root, "x-count": String(proof.count), vary: "accept" };
    return wantsJson(incoming.headers.accept)
      ? jsonAnswer(proofView(parameter, proof), 200, headers)
      : bytesAnswer(proof.proof, headers);
  },
});

export const proofRoutes: readonly Route[] = [prove];
