import { expect, test } from "vitest";
import { Side, bob, hello } from "../../../../test/support/admission-side.ts";
import { breakerFailures, breakerResetMsMax, breakerResetMsMin, helloWithinMs, peersRememberedMax } from "../limits.ts";
import type { Direction } from "../../../ports/network.ts";
import type { PeerId } from "../../../base/brand.ts";
import { usualBreaker } from "../breaker.ts";
import { RepeatedFailures } from "./turned-away.ts";

/** Opens a link on which nothing is said, and closes it when its time is over; what was sent. */
function sayNothing(side: Side, link: number, direction: Direction = "inbound"): readonly string[] {
  const opened = side.open(link, bob, direction);
  if (opened.length > 1) side.step({ type: "linkClosed", link, reason: "x" });
  if (opened.length > 1) return opened;
  side.mono += helloWithinMs;
  const { lines } = side.step({ type: "timePassed" });
  side.step({ type: "linkClosed", link, reason: "x" });
  return [...opened, ...lines];
}

function silentTimes(times: number, direction: Direction = "inbound"): Side {
  const side = new Side();
  for (let link = 1; link <= times; link++) sayNothing(side, link, direction);
  return side;
}

const listened = (link: number): readonly string[] => [
  `${link}: hello`,
  `${link}: goodbye noHello`,
  `${link}: closeLink`,
];
const turnedAway = (link: number): readonly string[] => [`${link}: goodbye noHello`, `${link}: closeLink`];

test("who dials in and says no hello five times in a row is sent away at once, told for how long, and heard again after that", () => {
  const side = silentTimes(breakerFailures - 1);
  expect(sayNothing(side, 10)).toEqual(listened(10));
  expect(sayNothing(side, 11)).toEqual(turnedAway(11));
  expect(side.reasons.at(-1)).toBe("not listened to for 30 s: 5 links in a row ended before admission (noHello)");
  side.mono += breakerResetMsMin;
  expect(sayNothing(side, 12)).toEqual(listened(12));
  side.mono += 2 * breakerResetMsMin - 1;
  expect(sayNothing(side, 13)).toEqual(turnedAway(13));
  side.mono += 1;
  expect(side.admit(14, bob)).toContain("14: admitLink");
  side.step({ type: "linkClosed", link: 14, reason: "x" });
  expect(sayNothing(side, 15)).toEqual(listened(15));
});

test("it is never longer than ten minutes, and to be sent away at once does not count as a failure more", () => {
  const side = silentTimes(breakerFailures);
  for (let link = 100; link < 120; link++) {
    expect(sayNothing(side, link)).toEqual(turnedAway(link));
    side.mono += breakerResetMsMax;
    expect(sayNothing(side, 1_000 + link)).toEqual(listened(1_000 + link));
  }
});

test("whom we dialed ourselves, and whom a rule allows, is always listened to", () => {
  const dialed = silentTimes(3 * breakerFailures, "outbound");
  expect(sayNothing(dialed, 99, "outbound")).toEqual(listened(99));
  const side = silentTimes(breakerFailures);
  const link = { link: 50, peer: bob, direction: "inbound", address: "/dns4/x/tcp/1", refused: undefined } as const;
  expect(side.step({ type: "linkOpened", ...link, allowed: true }).lines).toEqual(["50: hello"]);
});

test("who is of another network, or has a clock that is off, is heard every time: whoever mends that is let in at once", () => {
  const side = new Side();
  for (let link = 1; link <= 3 * breakerFailures; link++) {
    expect(side.open(link, bob)).toEqual([`${link}: hello`]);
    side.hear(link, hello({ network: "bb".repeat(32) as never }));
    side.step({ type: "linkClosed", link, reason: "x" });
  }
  expect(side.admit(99, bob)).toContain("99: admitLink");
});

test("so many peers are remembered, and the longest idle are forgotten", () => {
  const failures = new RepeatedFailures(() => usualBreaker);
  const peer = (i: number): PeerId => `p${i}` as PeerId;
  for (let i = 0; i <= peersRememberedMax; i++)
    for (let n = 0; n < breakerFailures; n++) failures.failed(peer(i), "protocolViolation", 0);
  expect(failures.refusal(peer(0), 1)).toBeUndefined();
  expect(failures.refusal(peer(1), 1)).toMatchObject({ code: "protocolViolation", retryAfterSeconds: 30 });
});
