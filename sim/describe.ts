/** Inputs and orders in a few words, for the trace. */
import type { ReplicaInput } from "../src/core/replica/inputs.ts";
import type { NetworkOrder } from "../src/ports/network.ts";

export function describeInput(input: ReplicaInput): string {
  switch (input.type) {
    case "linkOpened":
      return `linkOpened ${input.link} ${input.direction} ${input.peer.slice(-6)}`;
    case "linkClosed":
      return `linkClosed ${input.link} ${input.reason}`;
    case "frameReceived":
      return `frame ${input.link} ${describeFrame(input.protocol, input.frame)}`;
    case "gossipReceived":
      return `gossip #${input.message} from ${input.from.slice(-6)} ${input.payload.length} B`;
    case "verified":
      return `verified ${input.ticket} ${input.valid.map((valid) => (valid ? "+" : "-")).join("")}`;
    case "writeRequested":
      return `write ${input.ticket} ${input.wish.type} ${input.ops.map(({ type, key }) => `${type === "put" ? "" : "-"}${key}`).join(",")}`;
    case "dialFailed":
      return `dialFailed ${input.attempt} ${input.failure}`;
    case "candidateFound":
      return `candidate ${input.source} ${input.address}`;
    default:
      return input.type;
  }
}

export function describeOrder(order: NetworkOrder): string {
  switch (order.type) {
    case "send":
      return `send ${order.link} ${describeFrame(order.protocol, order.frame)}`;
    case "publish":
      return `publish ${order.payload.length} B`;
    case "judge":
      return `judge #${order.message} ${order.verdict}`;
    case "dial":
      return `dial ${order.attempt} ${order.address}`;
    case "closeLink":
      return `closeLink ${order.link} ${order.code}: ${order.reason}`;
    case "probe":
      return `probe ${order.number} ${order.address}`;
    default:
      return `${order.type} ${order.link}`;
  }
}

const frameNames: Readonly<Record<string, readonly string[]>> = {
  admit: ["", "hello", "welcome", "goodbye"],
  ack: ["", "ack"],
  frontier: ["", "pull", "parcels", "superseded", "done", "more", "summarise", "summarised", "serving", "fresh"],
  walk: ["", "open", "opened", "ask", "answer", "parcels", "more", "close", "ended"],
};

function describeFrame(protocol: string, frame: Uint8Array): string {
  return `${frameNames[protocol]?.[frame[0] ?? 0] ?? protocol} ${frame.length} B`;
}
