/** One request over a connection that is kept open. */
import { type Agent, request } from "node:http";
import { buffer } from "node:stream/consumers";
import type { Product } from "./product.ts";

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: Uint8Array | string;
}

/** What came back; rejects where the status is not 200. */
export async function send({ url, token }: Product, agent: Agent, { method, path, body }: Call): Promise<Buffer> {
  return await new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      "content-length": body === undefined ? 0 : Buffer.byteLength(body),
      "content-type": typeof body === "string" ? "application/json" : "application/octet-stream",
    };
    const outgoing = request(new URL(path, url), { method, agent, headers }, (answer) => {
      const { statusCode } = answer;
      buffer(answer).then((found) => {
        if (statusCode === 200) resolve(found);
        else reject(new Error(`${method} ${path}: ${statusCode}`));
      }, reject);
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
