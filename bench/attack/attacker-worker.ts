/**
 * A process of attackers, at nice 19: told a target, a kind and a rate, it attacks for so long and
 * reports what became of its connections. Who is cut comes back after 2 s as somebody else, from
 * the same address: an identity costs an attacker nothing.
 */
import { connect } from "node:net";
import { setPriority } from "node:os";
import { nowMs, pause } from "../clock.ts";
import { attackOf, type LinkedKind } from "./attacks.ts";
import { HostileLink } from "./hostile-link.ts";
import type { Order, Report } from "./kinds.ts";

const nicest = 19;
const actEveryMs = 10;
const backAfterMs = 2_000;
/** A connection counts as not cut when it was under way for so long. Source: the target. */
const cutWithinMs = 5_000;
/** Sockets of slow handshakes that one attacker holds at once. */
const slowSocketsMax = 50;

class Tally {
  readonly cutAfterMs: number[] = [];
  uncut = 0;
  refused = 0;
  sent = 0;

  ended(beganAt: number, byOther: boolean): void {
    const ms = nowMs() - beganAt;
    if (byOther) this.cutAfterMs.push(ms);
    else if (ms > cutWithinMs) this.uncut += 1;
  }
}

async function attack(order: Order): Promise<Report> {
  const tally = new Tally();
  const endsAt = nowMs() + order.seconds * 1_000;
  const one = { slow: slowly, handshakes: shakingHands }[order.kind as string] ?? linked;
  await Promise.all(order.from.map((from) => one(order, from, endsAt, tally)));
  const { cutAfterMs, uncut, refused, sent } = tally;
  return { cutAfterMs, uncut, refused, sent };
}

async function linked(order: Order, from: string, endsAt: number, tally: Tally): Promise<void> {
  const { kind, target, network, perSecond } = order;
  await pause(Math.random() * 500);
  while (nowMs() < endsAt) {
    try {
      await using link = await HostileLink.open(target, network, from, true);
      const act = await attackOf(kind as LinkedKind, { link, network });
      const beganAt = nowMs();
      await paced(
        perSecond,
        () => link.isOpen && nowMs() < endsAt,
        (units) => (tally.sent += act(units)),
      );
      tally.ended(beganAt, !link.isOpen);
    } catch {
      tally.refused += 1;
    }
    await pause(backAfterMs);
  }
}

/** Units are owed from the first moment; what is not a whole one is carried over. */
async function paced(perSecond: number, goesOn: () => boolean, act: (units: number) => unknown): Promise<void> {
  let doneAt = nowMs();
  let owed = 0;
  while (goesOn()) {
    const at = nowMs();
    owed = Math.min(perSecond, owed + (perSecond * (at - doneAt)) / 1_000);
    doneAt = at;
    const units = Math.floor(owed);
    if (units > 0) act(units);
    owed -= units;
    await pause(actEveryMs);
  }
}

async function shakingHands(order: Order, from: string, endsAt: number, tally: Tally): Promise<void> {
  const { target, network, perSecond } = order;
  const under = new Set<Promise<void>>();
  const one = async (): Promise<void> => {
    try {
      await using link = await HostileLink.open(target, network, from, false);
      tally.sent += link.isOpen ? 1 : 0;
    } catch {
      tally.refused += 1;
    }
  };
  await paced(
    perSecond,
    () => nowMs() < endsAt,
    (units) => {
      for (let n = 0; n < units && under.size < perSecond; n++) {
        const shaking = one().finally(() => under.delete(shaking));
        under.add(shaking);
      }
    },
  );
  await Promise.all(under);
}

async function slowly(order: Order, from: string, endsAt: number, tally: Tally): Promise<void> {
  const { target, perSecond } = order;
  const port = Number(/\/tcp\/(\d+)/.exec(target)?.[1]);
  const open = new Set<Promise<void>>();
  const words = Buffer.from("\x13/multistream/1.0.0\n");
  const one = async (): Promise<void> => {
    const socket = connect({ host: "127.0.0.1", port, localAddress: from });
    let ended = false;
    socket.on("error", () => undefined);
    socket.on("close", () => (ended = true));
    socket.resume();
    const beganAt = nowMs();
    for (let byte = 0; !ended && nowMs() < endsAt; byte++) {
      socket.write(words.subarray(byte % words.length, (byte % words.length) + 1));
      await pause(1_000);
    }
    tally.ended(beganAt, ended);
    socket.destroy();
  };
  await paced(
    perSecond,
    () => nowMs() < endsAt,
    (units) => {
      for (let n = 0; n < units && open.size < slowSocketsMax; n++) {
        tally.sent += 1;
        const slow = one().finally(() => open.delete(slow));
        open.add(slow);
      }
    },
  );
  await Promise.all(open);
}

setPriority(nicest);
process.on("message", (order: Order) => {
  void attack(order).then((report) => process.send?.(report));
});
process.on("disconnect", () => process.exit());
