/**
 * Whether a libp2p node answers at an address, tried with one bare TCP connection: enough to tell why a configured
 * peer cannot be reached while no node of our own runs. It goes as far as the first line that both sides of libp2p
 * write, so it learns nothing of identity, network or version.
 *
 * Source: https://github.com/multiformats/multistream-select
 */
import { connect, type Socket } from "node:net";
import type { DialFailure } from "../../ports/network.ts";
import { parseAddress } from "./addresses.ts";
import { failureOfSystem } from "./dial.ts";
import { wordsOf } from "./words-of.ts";

export type ProbeOutcome =
  | { readonly type: "answered" }
  /** Of a transport that a bare connection does not speak. */
  | { readonly type: "notTried" }
  | { readonly type: "failed"; readonly failure: DialFailure; readonly detail: string };

const hello = Buffer.from("\u0013/multistream/1.0.0\n", "latin1");

/** Guess: a round trip around the world and a busy host. */
const answerMsMax = 3_000;

/** Never rejects. */
export async function probePeer(address: string): Promise<ProbeOutcome> {
  const parsed = parseAddress(address);
  if ("problem" in parsed) return { type: "failed", failure: "addressInvalid", detail: parsed.problem };
  const [host, transport, ...rest] = parsed.getComponents();
  const bare = rest.every(({ name }) => name === "p2p");
  if (host?.value === undefined || transport?.name !== "tcp" || !bare) return { type: "notTried" };
  return await speak(host.value, Number(transport.value));
}

async function speak(host: string, port: number): Promise<ProbeOutcome> {
  const { promise, resolve } = Promise.withResolvers<ProbeOutcome>();
  const socket = connect({ host, port });
  let connected = false;
  let heard = Buffer.alloc(0);
  const silent = setTimeout(() => resolve(silence(connected)), answerMsMax);
  socket
    .once("connect", () => {
      connected = true;
      socket.write(hello);
    })
    .on("data", (chunk) => {
      heard = Buffer.concat([heard, chunk]);
      if (heard.length >= hello.length || !hello.subarray(0, heard.length).equals(heard)) resolve(judge(heard));
    })
    .once("error", (error: NodeJS.ErrnoException) => resolve(connected ? notLibp2p(wordsOf(error)) : failed(error)))
    .once("close", () => resolve(notLibp2p("it closed the connection")));
  return await promise.finally(() => end(socket, silent));
}

function end(socket: Socket, timer: NodeJS.Timeout): void {
  clearTimeout(timer);
  socket.destroy();
}

function judge(heard: Buffer): ProbeOutcome {
  return heard.subarray(0, hello.length).equals(hello)
    ? { type: "answered" }
    : notLibp2p("it answers in another protocol");
}

function silence(connected: boolean): ProbeOutcome {
  const detail = `${connected ? "connected, but no word" : "no connection"} within ${answerMsMax / 1_000} s`;
  return { type: "failed", failure: connected ? "protocol" : "timeout", detail };
}

function notLibp2p(detail: string): ProbeOutcome {
  return { type: "failed", failure: "protocol", detail };
}

function failed(error: NodeJS.ErrnoException): ProbeOutcome {
  return { type: "failed", failure: failureOfSystem(error.code), detail: wordsOf(error) };
}
