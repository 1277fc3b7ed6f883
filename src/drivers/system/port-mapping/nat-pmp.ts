/**
 * NAT-PMP: two questions of a few bytes to the router by UDP.
 *
 * Source: RFC 6886. Answers count only from the router's own address and port: the socket is connected.
 */
import { createSocket } from "node:dgram";
import { natPmpWaitsMs } from "./limits.ts";
import { MappingRefused, type MapPort } from "./mapping.ts";

const serverPort = 5351;
const operations = { address: 0, mapTcp: 2 } as const;

/** Maps, or renews; with a lease of 0 s takes back. */
export const mapByNatPmp: MapPort = async ({ address }, wish, signal) => {
  const { innerPort, outerPort, seconds } = wish;
  const mapped = decodeAnswer(await ask(address, encodeMap(innerPort, outerPort, seconds), signal), operations.mapTcp);
  if (seconds === 0) return { outerAddress: "", outerPort: 0, seconds: 0 };
  if (mapped.readUInt16BE(8) !== innerPort) throw new MappingRefused("NAT-PMP: the router answered for another port");
  const outer = decodeAnswer(await ask(address, Buffer.from([0, operations.address]), signal), operations.address);
  return {
    outerAddress: [...outer.subarray(8, 12)].join("."),
    outerPort: mapped.readUInt16BE(10),
    seconds: mapped.readUInt32BE(12),
  };
};

export function encodeMap(innerPort: number, outerPort: number, seconds: number): Buffer {
  const question = Buffer.alloc(12);
  question.writeUInt8(operations.mapTcp, 1);
  question.writeUInt16BE(innerPort, 4);
  question.writeUInt16BE(seconds === 0 ? 0 : outerPort, 6);
  question.writeUInt32BE(seconds, 8);
  return question;
}

/** The answer, if it is one to that operation and means success. */
export function decodeAnswer(answer: Buffer, operation: number): Buffer {
  const bytes = operation === operations.address ? 12 : 16;
  if (answer.length < 4 || answer[0] !== 0 || answer[1] !== 128 + operation)
    throw new MappingRefused("NAT-PMP: the router's answer is none");
  const result = answer.readUInt16BE(2);
  if (result !== 0) throw new MappingRefused(`NAT-PMP: ${refusals[result] ?? `the router answered ${result}`}`);
  if (answer.length < bytes) throw new MappingRefused("NAT-PMP: the router's answer is cut short");
  return answer;
}

/** RFC 6886 section 3.5. */
const refusals: Readonly<Record<number, string>> = {
  1: "the router speaks another version",
  2: "the router does not allow it",
  3: "the router itself has no address outside",
  4: "the router has no room for more mappings",
  5: "the router does not know the question",
};

async function ask(router: string, question: Buffer, signal: AbortSignal): Promise<Buffer> {
  const socket = createSocket("udp4");
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const onStop = (): void => reject(new MappingRefused("NAT-PMP: the node is stopping"));
  signal.addEventListener("abort", onStop);
  promise.catch(() => undefined); // raced below, as soon as the socket is connected
  try {
    signal.throwIfAborted();
    socket.once("message", resolve);
    socket.once("error", () => reject(new MappingRefused("NAT-PMP: the router does not speak it")));
    await new Promise<void>((connected) => socket.connect(serverPort, router, () => connected()));
    for (const waitMs of natPmpWaitsMs) {
      socket.send(question);
      const answer = await Promise.race([promise, after(waitMs)]);
      if (answer !== undefined) return answer;
    }
    throw new MappingRefused("NAT-PMP: the router does not answer");
  } finally {
    signal.removeEventListener("abort", onStop);
    socket.close();
  }
}

async function after(ms: number): Promise<undefined> {
  await new Promise((resolve) => setTimeout(resolve, ms).unref());
  return undefined;
}
