/**
 * A link that is slow on purpose: a TCP relay that passes on so many bytes a second each way and holds
 * everything up for so many ms. What it cannot pass on it does not read, so the rest waits in the
 * buffers of the kernel, as before a real narrow line.
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

export interface Line {
  /** Infinity where only the delay counts. */
  readonly bytesPerSecond: number;
  /** Each way. */
  readonly delayMs: number;
}

export interface NarrowLink extends AsyncDisposable {
  readonly port: number;
}

/** Time between two looks at what may go on. It is the grain of the line. */
const grainMs = 2;
/** What a line without a rate reads ahead at most. */
const onTheWayBytesMax = 64 * 1024 * 1024;

export async function narrowLink(targetPort: number, line: Line): Promise<NarrowLink> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const target = connect({ port: targetPort, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      socket.on("error", () => socket.destroy());
    }
    passOn(client, target, line);
    passOn(target, client, line);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function passOn(from: Socket, to: Socket, { bytesPerSecond, delayMs }: Line): void {
  const waiting: { readonly at: number; readonly data: Buffer }[] = [];
  let waitingBytes = 0;
  let freeAt = 0;
  let hasEnded = false;
  const release = (): void => {
    const now = performance.now();
    for (let first = waiting[0]; first !== undefined && first.at <= now; first = waiting[0]) {
      waiting.shift();
      waitingBytes -= first.data.length;
      if (to.writable) to.write(first.data);
    }
    if (freeAt <= now && waitingBytes < onTheWayBytesMax) from.resume();
    if (hasEnded && waiting.length === 0) to.end();
  };
  const looks = setInterval(release, grainMs);
  from.on("close", () => clearInterval(looks));
  from.on("data", (data: Buffer) => {
    freeAt = Math.max(freeAt, performance.now()) + (data.length / bytesPerSecond) * 1_000;
    waiting.push({ at: freeAt + delayMs, data });
    waitingBytes += data.length;
    if (freeAt > performance.now() + grainMs || waitingBytes >= onTheWayBytesMax) from.pause();
  });
  from.on("end", () => (hasEnded = true));
}
