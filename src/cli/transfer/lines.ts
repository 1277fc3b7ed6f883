/** Splits a stream of bytes into lines of bounded length, several at a time, each with its number. */
export interface Line {
  readonly number: number;
  /** Without its line feed. */
  readonly bytes: Uint8Array;
  /** Of the line's end in the stream. */
  readonly offset: number;
  /** The line is longer than the bound, and `bytes` only its beginning. */
  readonly tooLong: boolean;
}

const lineFeed = 10;

export async function* readLines(chunks: AsyncIterable<Uint8Array>, bytesMax: number): AsyncGenerator<readonly Line[]> {
  let [number, offset, length] = [1, 0, 0];
  let parts: Uint8Array[] = [];
  const take = (part: Uint8Array): void => {
    if (length < bytesMax) parts.push(part);
    length += part.length;
  };
  const finish = (): Line => {
    const whole = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
    const line = { number, bytes: whole.subarray(0, bytesMax), offset, tooLong: length > bytesMax };
    [parts, length, number] = [[], 0, number + 1];
    return line;
  };
  for await (const chunk of chunks) {
    const lines: Line[] = [];
    let from = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, from)) {
      take(chunk.subarray(from, end));
      offset += end + 1 - from;
      from = end + 1;
      lines.push(finish());
    }
    take(chunk.subarray(from));
    offset += chunk.length - from;
    if (lines.length > 0) yield lines;
  }
  if (length > 0) yield [finish()];
}
