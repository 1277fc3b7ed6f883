/**
 * libp2p's ping on one given connection. The library's own client picks any connection to the
 * peer, so with duplicate links it would measure, and keep alive, the wrong one.
 *
 * Source: https://github.com/libp2p/specs/blob/master/ping/ping.md: 32 random bytes come back.
 */
import type { Connection, Stream } from "@libp2p/interface";
import { randomBytes } from "node:crypto";
import { equalBytes } from "../../base/bytes.ts";

const protocol = "/ipfs/ping/1.0.0";
const payloadBytes = 32;

/** Round trip in ms; throws where the peer does not answer rightly or the signal comes first. */
export async function ping(connection: Connection, signal: AbortSignal): Promise<number> {
  const stream = await connection.newStream(protocol, { signal });
  const payload = randomBytes(payloadBytes);
  const startedAt = performance.now();
  const echo = readEcho(stream, signal);
  try {
    stream.send(payload);
    const answer = await echo;
    const elapsedMs = performance.now() - startedAt;
    if (!equalBytes(answer, payload)) throw new Error("a ping came back changed");
    await stream.close({ signal });
    return elapsedMs;
  } catch (cause) {
    stream.abort(new Error("ping failed", { cause }));
    await echo.catch(() => undefined); // settled by the abort; the first cause is the one to report
    throw cause;
  }
}

function readEcho(stream: Stream, signal: AbortSignal): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const answer = new Uint8Array(payloadBytes);
  let filled = 0;
  stream.addEventListener("message", (event) => {
    const bytes = event.data.subarray().subarray(0, payloadBytes - filled);
    answer.set(bytes, filled);
    filled += bytes.length;
    if (filled === payloadBytes) resolve(answer);
  });
  stream.addEventListener("close", (event) => reject(event.error ?? new Error("the peer closed the ping stream")));
  signal.addEventListener("abort", () => reject(new Error("a ping was not answered in time")), { once: true });
  return promise;
}
