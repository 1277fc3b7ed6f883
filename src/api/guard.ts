/**
 * Who may ask: the Host and Origin headers must be this node's own, and everything but the open
 * routes needs the token.
 *
 * A page of a hostile site can make a browser resolve the site's name to 127.0.0.1 and then read
 * answers as its own (DNS rebinding); such a request carries the site's name as Host. Ports are
 * not compared in Host, so that an SSH tunnel works; an Origin must be the very Host asked.
 */
import { timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { Fault } from "../base/fault.ts";

export interface Guard {
  /** Throws `forbidden_origin`. */
  checkOrigin(headers: IncomingHttpHeaders): void;
  /** Throws `unauthorized`. */
  checkToken(headers: IncomingHttpHeaders): void;
}

export function createGuard(boundHost: string, token: string): Guard {
  const names = new Set(["localhost", "127.0.0.1", "[::1]", hostForm(boundHost)]);
  const expected = Buffer.from(token, "utf8");
  return {
    checkOrigin({ host, origin }) {
      if (host === undefined || !names.has(nameOf(host))) {
        throw new Fault(
          "forbidden_origin",
          `This node does not answer to the Host ${quoted(host)}; ask for 127.0.0.1 or localhost.`,
        );
      }
      if (origin !== undefined && origin !== `http://${host}`) {
        throw new Fault("forbidden_origin", `Pages of the Origin ${quoted(origin)} may not use this node.`);
      }
    },
    checkToken({ authorization }) {
      if (authorization === undefined) throw new Fault("unauthorized", "This request needs the node's token.");
      if (!isBearer(authorization, expected)) throw new Fault("unauthorized", "The token is not this node's.");
    },
  };
}

/** An IP version 6 address is in brackets where a port may follow. */
export function hostForm(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** The length of the token is no secret; its content is compared in constant time. */
function isBearer(authorization: string, expected: Buffer): boolean {
  if (authorization.slice(0, 7).toLowerCase() !== "bearer ") return false;
  const given = Buffer.from(authorization.slice(7).trim(), "utf8");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function nameOf(host: string): string {
  return host.replace(/:[0-9]{1,5}$/, "").toLowerCase();
}

function quoted(text: string | undefined): string {
  return text === undefined ? "(none)" : JSON.stringify(text.slice(0, 100));
}
