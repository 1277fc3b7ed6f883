/** A listener on this machine that is no node, for whoever dials it. */
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

/** Does that with each connection; `address` is how a node dials it. */
export async function tcpListener(
  meet: (socket: Socket) => void,
): Promise<{ readonly server: Server; readonly address: string }> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    meet(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, address: `/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}` };
}
