/**
 * The connections of the server, so that closing it waits for those alone that are owed an answer.
 *
 * Node's own `closeIdleConnections` leaves open what was opened ahead and never used, as browsers do, what has sent half a
 * request, and what becomes idle a moment later: each would keep a stopping node for the whole grace time.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

export class Connections {
  readonly #open = new Set<Socket>();
  readonly #owed = new Map<ServerResponse, Socket>();
  #isClosing = false;

  constructor(server: Server) {
    server.on("connection", (socket) => {
      this.#open.add(socket);
      socket.once("close", () => this.#open.delete(socket));
    });
    server.on("request", ({ socket }: IncomingMessage, answer) => {
      this.#owed.set(answer, socket);
      answer.once("close", () => {
        this.#owed.delete(answer);
        if (this.#isClosing) this.#endIdle();
      });
    });
  }

  /** Ends each connection as soon as it is owed nothing. */
  close(): void {
    this.#isClosing = true;
    for (const answer of this.#owed.keys()) if (!answer.headersSent) answer.setHeader("connection", "close");
    this.#endIdle();
  }

  #endIdle(): void {
    const owed = new Set(this.#owed.values());
    for (const socket of this.#open) if (!owed.has(socket)) socket.destroySoon();
  }
}
