import { describe, expect, test } from "vitest";
import { parseIpRange } from "../../base/ip-range.ts";
import { settings } from "../../config/settings.ts";
import type { Direction } from "../../ports/network.ts";
import { linksMax, outboundReserved } from "./limits.ts";
import { type Seat, Slots } from "./slots.ts";

const exempt = settings.peersExemptRanges.default.flatMap((range) => parseIpRange(range) ?? []);
const slots = new Slots({ exempt, validators: 0 });
const seat = (ip: string, direction: Direction = "inbound"): Seat => ({
  direction,
  address: `/${ip.includes(":") ? "ip6" : "ip4"}/${ip}/tcp/4001`,
});
const seats = (count: number, direction: Direction): readonly Seat[] =>
  Array.from({ length: count }, (_, i) => seat(`11.${i}.0.1`, direction));

describe("peers that dial in", () => {
  test.each([
    [
      "two of one /24 are let in, a third is not",
      ["203.0.113.1", "203.0.113.2"],
      "203.0.113.3",
      "2 peers of 203.0.113.0/24 are linked already",
    ],
    ["those of another /24 are", ["203.0.113.1", "203.0.113.2"], "203.0.112.3", undefined],
    [
      "of one /48 likewise",
      ["2001:db8:1:1::1", "2001:db8:1:2::1"],
      "2001:db8:1:3::1",
      "2 peers of 2001:db8:1::/48 are linked already",
    ],
    [
      "an IPv4 address in IPv6 is the same neighbour",
      ["203.0.113.1", "::ffff:203.0.113.2"],
      "203.0.113.3",
      "2 peers of 203.0.113.0/24 are linked already",
    ],
    ["of this machine there may be any number", ["127.0.0.1", "127.0.0.1", "127.0.0.1"], "127.0.0.1", undefined],
    ["of a LAN as well", ["192.168.1.1", "192.168.1.2", "192.168.1.3"], "192.168.1.4", undefined],
    ["and of a link", ["fe80::1", "fe80::2", "fe80::3"], "fe80::4", undefined],
  ])("%s", (_, taken, fresh, refusal) => {
    expect(
      slots.refusal(
        seat(fresh),
        false,
        taken.map((ip) => seat(ip)),
      ),
    ).toBe(refusal);
  });

  test("count with those that were dialed there; who is dialed or allowed is not bound", () => {
    const taken = [seat("203.0.113.1", "outbound"), seat("203.0.113.2")];
    expect(slots.refusal(seat("203.0.113.3"), false, taken)).toContain("203.0.113.0/24");
    expect(slots.refusal(seat("203.0.113.3", "outbound"), false, taken)).toBeUndefined();
    expect(slots.refusal(seat("203.0.113.3"), true, taken)).toBeUndefined();
  });

  test("leave places for those that are dialed, but for who is allowed", () => {
    const taken = seats(linksMax - outboundReserved, "inbound");
    expect(slots.refusal(seat("12.0.0.1"), false, taken)).toBe("all 42 places for peers that dial in are taken");
    expect(slots.refusal(seat("12.0.0.1"), true, taken)).toBeUndefined();
    expect(slots.refusal(seat("12.0.0.1", "outbound"), false, taken)).toBeUndefined();
  });
});

test("when all places are taken nobody gets one", () => {
  for (const direction of ["inbound", "outbound"] as const)
    expect(slots.refusal(seat("12.0.0.1", direction), true, seats(linksMax, "outbound"))).toBe(
      "all 50 places for peers are taken",
    );
});
