import { beforeEach, expect, test } from "vitest";
import { Meeting, Member } from "../../../test/support/member.ts";
import type { Outcome } from "../effects.ts";
import { retryAfterSecondsMax } from "../peers/limits.ts";
import type { PeerOrder } from "./inputs.ts";

const began = 1_790_000_000_000;
let meeting: Meeting;
let ann: Member;
let bea: Member;

beforeEach(() => {
  meeting = new Meeting();
  [ann, bea] = [new Member(1, began), new Member(2, began)];
});

type Order = PeerOrder extends infer Each ? (Each extends PeerOrder ? Omit<Each, "ticket"> : never) : never;

function order(member: Member, asked: Order): Outcome | undefined {
  const effects = member.take({ ...asked, ticket: 7 });
  for (const effect of effects) if (effect.type === "network") carry(member, effect.order);
  return effects.flatMap((effect) => (effect.type === "answer" ? [effect.outcome] : []))[0];
}

const sent: string[] = [];
function carry(
  member: Member,
  { type, ...rest }: { readonly type: string; readonly link?: number; readonly reason?: string },
): void {
  if (type === "closeLink") sent.push(`${member === ann ? "ann" : "bea"} closes ${rest.link}: ${rest.reason}`);
}

const linked = (member: Member): number =>
  member.replica.snapshot({ wall: member.wall as never, mono: member.mono }).admitted.length;
const ban = (target: string, forMs?: number): Order => ({
  type: "ruleRequested",
  kind: "ban",
  target,
  reason: "loud",
  forMs,
});

test("a ban closes the link with that word, holds against its return, and ends", () => {
  meeting.link(ann, bea);
  expect([linked(ann), linked(bea)]).toEqual([1, 1]);
  sent.length = 0;
  expect(order(ann, ban(bea.self, 60_000))).toEqual({ type: "done" });
  expect([linked(ann), sent]).toEqual([0, [`ann closes 1: banned for 60 s: loud`]]);
  const again = meeting.link(bea, ann);
  expect(linked(ann)).toBe(0);
  expect(ann.notes).toContainEqual(expect.objectContaining({ type: "goodbye", link: again, code: "banned", by: "us" }));
  ann.restart();
  meeting.link(bea, ann);
  expect(linked(ann)).toBe(0);
  ann.wall += 60_000;
  bea.wall += 60_000;
  meeting.link(bea, ann);
  expect(linked(ann)).toBe(1);
});

test("a ban on an address range closes the links from there", () => {
  meeting.link(ann, bea); // from no IP address
  expect(order(ann, ban("0.0.0.0/0"))).toEqual({ type: "done" });
  expect(linked(ann)).toBe(1);
});

test("a lifted ban lets the peer in again; what stands about nobody cannot be lifted", () => {
  order(ann, ban(bea.self));
  const lift = { type: "liftRequested", target: bea.self } as const;
  expect(order(ann, { type: "rulesRequested" })).toMatchObject({
    rules: [{ target: bea.self, kind: "ban", until: undefined }],
  });
  expect([order(ann, lift), order(ann, lift)]).toMatchObject([
    { type: "done" },
    { type: "refused", code: "not_found" },
  ]);
  meeting.link(bea, ann);
  expect(linked(ann)).toBe(1);
});

test("a rule about nothing that is one, or about the node itself, is refused in words", () => {
  expect(order(ann, ban("10.0.0.1/8"))).toMatchObject({
    code: "invalid_argument",
    message: expect.stringContaining("no bits behind the prefix"),
  });
  expect(order(ann, ban(ann.self))).toMatchObject({ code: "invalid_argument", message: "that is this node itself" });
});

test("a disconnected peer is asked to stay away for a minute; one that is not linked is named", () => {
  meeting.link(ann, bea);
  const away = { type: "disconnectRequested", peer: bea.self } as const;
  expect([order(ann, away), linked(ann)]).toEqual([{ type: "done" }, 0]);
  expect(order(ann, away)).toMatchObject({ type: "refused", code: "peer_not_connected" });
});

test("addresses are forgotten on order", () => {
  ann.take({ type: "candidateFound", address: "/ip4/192.0.2.1/tcp/1", peer: bea.self, source: "user" });
  const forget = { type: "forgetRequested", target: bea.self } as const;
  expect([order(ann, forget), order(ann, forget)]).toMatchObject([{ type: "done" }, { code: "not_found" }]);
});

test("who does not get through the handshake is sent away and not banned: it may be another program", () => {
  const stranger = new Member(3, began);
  const opened = { type: "linkOpened", link: 9, peer: stranger.self, direction: "inbound", address: "wire" } as const;
  ann.take({ ...opened, attempt: undefined });
  ann.take({ type: "frameReceived", link: 9, protocol: "admit", frame: new Uint8Array([99]) });
  expect(ann.notes).toContainEqual(expect.objectContaining({ type: "goodbye", code: "protocolViolation", by: "us" }));
  expect(order(ann, { type: "rulesRequested" })).toMatchObject({ rules: [] });
});

test("who sends what is provably wrong is banned, unless it is allowed", () => {
  for (const isAllowed of [false, true]) {
    const [one, other] = [new Member(3, began), new Member(4, began)];
    if (isAllowed)
      order(one, { type: "ruleRequested", kind: "allow", target: other.self, reason: "a friend", forMs: undefined });
    const link = meeting.link(one, other);
    one.take({ type: "frameReceived", link, protocol: "walk", frame: new Uint8Array([99]) });
    meeting.cut(link);
    meeting.link(other, one);
    expect(linked(one)).toBe(isAllowed ? 1 : 0);
    const told = one.notes.filter(({ type }) => type === "peerBanned");
    expect(told).toMatchObject(isAllowed ? [] : [{ target: other.self, source: "automatic", forMs: 300_000 }]);
  }
  expect(retryAfterSecondsMax).toBeGreaterThanOrEqual(300);
});
