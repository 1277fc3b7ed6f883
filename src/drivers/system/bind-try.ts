/** Whether a port can be listened on, by listening on it for a moment. */
import { createSocket } from "node:dgram";
import { createServer, isIPv6 } from "node:net";

export type BindOutcome = "free" | "held" | "forbidden" | "noSuchAddress";

const outcomeOf: Readonly<Record<string, BindOutcome>> = {
  EADDRINUSE: "held",
  EACCES: "forbidden",
  EADDRNOTAVAIL: "noSuchAddress",
  EAFNOSUPPORT: "noSuchAddress",
};

/** A TCP port. Another error is left to the real bind, which explains it. Never rejects. */
export async function tryBind(host: string, port: number): Promise<BindOutcome> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(outcomeOf[error.code ?? ""] ?? "free"));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve("free")));
  });
}

/** The same of a UDP port. */
export async function tryBindUdp(host: string, port: number): Promise<BindOutcome> {
  return await new Promise((resolve) => {
    const socket = createSocket(isIPv6(host) ? { type: "udp6", ipv6Only: true } : { type: "udp4" });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      socket.close();
      resolve(outcomeOf[error.code ?? ""] ?? "free");
    });
    socket.bind({ address: host, port, exclusive: true }, () => socket.close(() => resolve("free")));
  });
}
