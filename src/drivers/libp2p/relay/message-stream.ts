/** One question and one answer at the beginning of a stream, which may go on as a circuit. */
import type { Stream } from "@libp2p/interface";
import { lpStream } from "@libp2p/utils";
import { relayMessageBytesMax } from "./limits.ts";
import { decodeRelay, encodeRelay, type RelayMessage, type RelayProtocol } from "./messages.ts";

export interface MessageStream {
  /** Throws where nothing comes in time, or no message of the protocol. */
  read(signal: AbortSignal): Promise<RelayMessage>;
  write(message: RelayMessage, signal: AbortSignal): Promise<void>;
  /** The stream behind the messages, with what came after them. */
  rest(): Stream;
}

export function messagesOn(protocol: RelayProtocol, stream: Stream): MessageStream {
  const framed = lpStream(stream, { maxDataLength: relayMessageBytesMax });
  return {
    async read(signal) {
      const message = decodeRelay(protocol, (await framed.read({ signal })).subarray());
      if (!message.ok) throw new Error(`a malformed message on ${protocol}`);
      return message.value;
    },
    write: (message, signal) => framed.write(encodeRelay(protocol, message), { signal }),
    rest: () => framed.unwrap(),
  };
}
