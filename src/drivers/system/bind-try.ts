/** Whether a TCP port can be listened on, by listening on it for a moment. */
import { createServer } from "node:net";

export type BindOutcome = "free" | "held" | "forbidden" | "noSuchAddress";

const outcomeOf: Readonly<Record<string, BindOutcome>> = {
  EADDRINUSE: "held",
  EACCES: "forbidden",
  EADDRNOTAVAIL: "noSuchAddress",
  EAFNOSUPPORT: "noSuchAddress",
};

/** Another error is left to the real bind, which explains it. Never rejects. */
export async function tryBind(host: string, port: number): Promise<BindOutcome> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(outcomeOf[error.code ?? ""] ?? "free"));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve("free")));
  });
}
