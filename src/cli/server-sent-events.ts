/**
 * Reads the text of a server-sent event stream, chunk by chunk.
 *
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export interface SentEvent {
  readonly type: string;
  /** The last id seen so far, of this event or an earlier one. */
  readonly id: string | undefined;
  readonly data: string;
}

/** `onId` hears of every id, also of one that comes without an event. */
export async function* readEvents(
  chunks: AsyncIterable<Uint8Array>,
  onId: (id: string) => void = () => undefined,
): AsyncGenerator<SentEvent> {
  const decoder = new TextDecoder();
  let rest = "";
  let id: string | undefined;
  for await (const chunk of chunks) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const event = readBlock(block, id);
      if (event.id !== undefined && event.id !== id) onId(event.id);
      id = event.id;
      if (event.data !== "") yield event;
    }
  }
}

function readBlock(block: string, lastId: string | undefined): SentEvent {
  let [type, id] = ["message", lastId];
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const [, name, value = ""] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (name === "event") type = value;
    else if (name === "id") id = value;
    else if (name === "data") data.push(value);
  }
  return { type, id, data: data.join("\n") };
}
