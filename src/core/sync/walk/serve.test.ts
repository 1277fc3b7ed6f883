import { describe, expect, test } from "vitest";
import { Holder, ann, everyHash, link, numbered, said } from "../../../../test/support/walking-holder.ts";
import { messageOpsMax } from "../../../codec/limits.ts";
import type { LinkId } from "../../../ports/network.ts";
import type { OpId } from "../../../ports/store.ts";
import {
  walkBytesBurst,
  walkBytesPerSecond,
  walkParcelWindow,
  walkSilentMs,
  walkWindow,
  walksServedMax,
} from "../limits.ts";
import { type AskerMessage, WalkServe, type WalkServeFact } from "./serve.ts";

/** A server alone. */
class LoneServer extends Holder {
  readonly serve = new WalkServe();

  hear(message: AskerMessage, on: LinkId = link): readonly WalkServeFact[] {
    return this.serve.step(
      { type: "messageReceived", link: on, peer: ann, message },
      this.holdings,
      this.view,
      this.now,
      this.out,
    );
  }

  open(session = 1, on: LinkId = link): void {
    this.hear({ type: "open", session, beacon: this.holdings.beacon() }, on);
  }

  said(): readonly string[] {
    return this.frames().map((frame) => {
      const message = said(frame);
      return message.type === "ended" ? `ended ${message.status}` : message.type;
    });
  }
}

/** Asks for all entries below each first digit, naming none. */
const askAll = (request: number, digits = 16): AskerMessage => ({
  type: "ask",
  session: 1,
  request,
  nodes: Array.from({ length: digits }, (_, digit) => ({ type: "entries", path: digit.toString(16), entries: [] })),
});

describe("a server", () => {
  test("sends as many frames of parcels as the asker allows, then the answer", () => {
    const server = new LoneServer(numbered(600));
    server.open();
    server.hear(askAll(1));
    expect(server.said()).toEqual(["opened", ...new Array<string>(walkParcelWindow).fill("parcels")]);
    const after: string[] = [];
    for (let i = 0; i < 100 && after.at(-1) !== "answer"; i++) {
      server.hear({ type: "more", session: 1 });
      after.push(...server.said());
    }
    expect(after.at(-1)).toBe("answer");
    expect(after.filter((each) => each === "parcels").length + walkParcelWindow).toBe(Math.ceil(600 / 16));
  });

  test("puts no more entries into a frame than a message may have operations", () => {
    const server = new LoneServer(numbered(messageOpsMax + 500));
    const { fragments } = server.view;
    const atOnce: number[] = [];
    Object.assign(server.view, {
      fragments: (ids: readonly OpId[], bytesMax: number) => {
        atOnce.push(ids.length);
        return fragments(ids, bytesMax);
      },
    });
    server.open();
    const nodes = Array.from(
      { length: 256 },
      (_, i) => ({ type: "entries", path: i.toString(16).padStart(2, "0"), entries: [] }) as const,
    );
    server.hear({ type: "ask", session: 1, request: 1, nodes });
    expect(atOnce[0]).toBe(messageOpsMax);
  });

  test("sends what an asker names twice in one request only once", () => {
    const server = new LoneServer(numbered(3));
    server.open();
    const nodes = [0, 1].map(() => ({ type: "entries", path: "", entries: [] }) as const);
    server.hear({ type: "ask", session: 1, request: 1, nodes });
    const counts = server.frames().map((frame) => {
      const message = said(frame);
      return message.type === "parcels" ? message.parcels.length : message.type;
    });
    expect(counts).toEqual(["opened", 3, "answer"]);
  });

  test("ends the session of an asker that has lost count, and says so of one it does not know", () => {
    const server = new LoneServer(numbered(600));
    server.open();
    for (let request = 1; request <= walkWindow + 2; request++) server.hear(askAll(request));
    expect(server.said().at(-1)).toBe("ended busy");
    server.hear(askAll(99));
    expect(server.said()).toEqual(["ended unknown"]);
    server.hear({ type: "more", session: 1 });
    server.hear({ type: "close", session: 1, more: false });
    expect(server.said()).toEqual([]);
  });

  test("serves two walks on a link and 16 in all; room comes back with close, silence and lost links", () => {
    const server = new LoneServer(numbered(5));
    for (let session = 1; session <= 3; session++) server.open(session);
    expect(server.serve.active).toBe(2);
    for (let on = 2; server.serve.active < walksServedMax; on++) server.open(1, on);
    server.frames();
    server.open(1, 99);
    expect(server.said()).toEqual(["ended busy"]);
    server.hear({ type: "close", session: 3, more: false });
    server.open(1, 99);
    expect(server.said()).toEqual(["opened"]);
    server.serve.linkLost(99);
    server.open(1, 98);
    expect(server.said()).toEqual(["opened"]);
    server.mono = walkSilentMs;
    server.open(1, 97);
    expect([server.said(), server.serve.active]).toEqual([["opened"], 1]);
  });

  test("answers beyond its budget of bytes wait, and nothing fails", () => {
    const server = new LoneServer(numbered(3_000));
    server.open();
    server.frames();
    const children = (request: number): AskerMessage => ({
      type: "ask",
      session: 1,
      request,
      nodes: Array.from({ length: 12 }, () => ({ type: "children", path: "", hashes: everyHash(request % 250) })),
    });
    let bytes = 0;
    let request = 0;
    while (server.serve.nextDeadline() === undefined || (server.serve.nextDeadline() ?? 0) <= server.mono) {
      server.hear(children(++request));
      bytes += server.frames().reduce((sum, frame) => sum + frame.length, 0);
      if (request > 1_000) break;
    }
    expect(bytes).toBeGreaterThan(walkBytesBurst * 0.9);
    expect(bytes).toBeLessThan(walkBytesBurst * 1.1);
    const due = server.serve.nextDeadline() ?? 0;
    expect(due).toBeGreaterThan(server.mono);
    server.mono = due + (1_000 * 64 * 1024) / walkBytesPerSecond;
    server.serve.step({ type: "timePassed" }, server.holdings, server.view, server.now, server.out);
    expect(server.said()).toContain("answer");
  });
});
