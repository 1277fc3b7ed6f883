import { describe, expect, test } from "vitest";
import type { Author, Instant, PeerId } from "../../../base/brand.ts";
import { peerIdOf } from "../../../codec/peer-id.ts";
import type { PeerRule } from "../../../ports/peer-rule.ts";
import type { Effect } from "../../effects.ts";
import { banMsSteps, banRememberedMs, peerRulesMax } from "./limits.ts";
import { Standing, ruleTarget } from "./machine.ts";

const [bob, carol] = [1, 2].map((n) => peerIdOf(`${n}`.padStart(64, "0") as Author)) as [PeerId, PeerId];
const minute = 60_000;

/** A standing on a disk, and a clock. */
class Door {
  readonly disk = new Map<string, PeerRule>();
  standing = new Standing([], banMsSteps);
  wall = 1_000_000_000_000;

  get now(): Instant {
    return this.wall as Instant;
  }

  restart(): void {
    this.standing = new Standing([...this.disk.values()], banMsSteps);
  }

  offend(peer: PeerId, address?: string): PeerRule | undefined {
    return this.#kept((out) => this.standing.offended(peer, address, "forged", this.now, out));
  }

  order(kind: PeerRule["kind"], target: string, forMs?: number): boolean {
    return this.#kept((out) => this.standing.order({ kind, target, reason: "said so", forMs }, this.now, out));
  }

  lift(target: string): boolean {
    return this.#kept((out) => this.standing.lift(target, out));
  }

  isBanned(peer: PeerId | undefined, address?: string): boolean {
    return this.standing.ban(peer, address, this.now) !== undefined;
  }

  #kept<T>(act: (out: Effect[]) => T): T {
    const out: Effect[] = [];
    const result = act(out);
    for (const effect of out) {
      if (effect.type !== "persist") continue;
      if (effect.write.type === "setPeerRule") this.disk.set(effect.write.rule.target, effect.write.rule);
      if (effect.write.type === "dropPeerRule") this.disk.delete(effect.write.target);
    }
    return result;
  }
}

describe("who proves malicious", () => {
  test("is banned for 5 min, then for 1 h, then for good, also across restarts", () => {
    const door = new Door();
    const lengths: (number | undefined)[] = [];
    const banned: boolean[] = [];
    for (let offence = 0; offence < 3; offence++) {
      const until = door.offend(bob)?.until;
      lengths.push(until === undefined ? undefined : until - door.wall);
      door.restart();
      banned.push(door.isBanned(bob));
      door.wall = (until ?? door.wall + 1) - 1;
      banned.push(door.isBanned(bob));
      door.wall += 1;
      banned.push(door.isBanned(bob));
    }
    expect(banned).toEqual([true, true, false, true, true, false, true, true, true]);
    expect(lengths).toEqual([5 * minute, 60 * minute, undefined]);
    door.wall += 3_650 * 86_400_000;
    expect([door.isBanned(bob), door.isBanned(carol)]).toEqual([true, false]);
  });

  test("begins anew after a day without offence", () => {
    const door = new Door();
    door.offend(bob);
    door.wall += 5 * minute + banRememberedMs;
    door.order("ban", carol); // whatever is ruled next forgets what is past
    expect([...door.disk.keys()]).toEqual([carol]);
    expect((door.offend(bob)?.until ?? 0) - door.wall).toBe(5 * minute);
  });

  test("is not banned where it, or its address, is allowed; nor twice at once", () => {
    const door = new Door();
    door.order("allow", bob);
    expect(door.offend(bob)).toBeUndefined();
    door.order("allow", "10.0.0.0/8");
    expect(door.offend(carol, "/ip4/10.1.1.1/tcp/1")).toBeUndefined();
    const first = door.offend(carol, "/ip4/11.1.1.1/tcp/1");
    expect(door.offend(carol, "/ip4/11.1.1.1/tcp/1")).toBe(first);
  });
});

describe("an order", () => {
  test.each([
    ["a peer", bob, bob, undefined, true],
    ["a peer, from any address", bob, bob, "/ip4/1.2.3.4/tcp/1", true],
    ["another peer", carol, bob, undefined, false],
    ["an address", "1.2.3.4", undefined, "/ip4/1.2.3.4/tcp/9", true],
    ["an address in its other form", "1.2.3.4", undefined, "/ip6/::ffff:1.2.3.4/tcp/9", true],
    ["a range", "fd00::/8", bob, "/ip6/fd12::1/tcp/1", true],
    ["another range", "fd00::/8", bob, "/ip6/fe80::1/tcp/1", false],
    ["a range, of a name that is not looked up", "0.0.0.0/0", undefined, "/dns4/example.org/tcp/1", false],
  ])("bans %s", (_, target, peer, address, banned) => {
    const door = new Door();
    door.order("ban", target);
    door.restart();
    expect(door.isBanned(peer, address)).toBe(banned);
  });

  test("about a peer beats one about its address, a narrow range beats a wide one", () => {
    const door = new Door();
    const at = "/ip4/10.1.2.3/tcp/1";
    door.order("ban", "10.0.0.0/8");
    door.order("allow", bob);
    door.order("allow", "10.1.0.0/16");
    door.order("ban", "10.1.3.0/24");
    expect([door.isBanned(bob, "/ip4/10.9.9.9/tcp/1"), door.isBanned(carol, at)]).toEqual([false, false]);
    expect([door.isBanned(carol, "/ip4/10.2.2.2/tcp/1"), door.isBanned(carol, "/ip4/10.1.3.1/tcp/1")]).toEqual([
      true,
      true,
    ]);
  });

  test("ends with its time, or when it is lifted, with what was remembered", () => {
    const door = new Door();
    door.order("ban", bob, minute);
    door.wall += minute;
    expect([door.isBanned(bob), door.standing.rules(door.now)]).toEqual([false, []]);
    door.offend(carol);
    expect([door.lift(carol), door.lift(carol), door.isBanned(carol)]).toEqual([true, false, false]);
    expect((door.offend(carol)?.until ?? 0) - door.wall).toBe(5 * minute);
  });

  test("pushes out automatic bans where there are too many rules, and never other orders", () => {
    const door = new Door();
    door.offend(bob);
    for (let n = 1; n < peerRulesMax; n++) door.order("ban", `10.0.${n >> 8}.${n & 255}`);
    expect([door.disk.size, door.order("ban", "11.0.0.1"), door.isBanned(bob)]).toEqual([peerRulesMax, true, false]);
    expect([door.order("ban", "11.0.0.2"), door.order("allow", "11.0.0.1"), door.disk.size]).toEqual([
      false,
      true,
      peerRulesMax,
    ]);
  });
});

test("a rule is about a peer, an address or a range, in one form", () => {
  expect([bob, "FD00::/8", "::ffff:1.2.3.4", "1.2.3.4/32"].map(ruleTarget)).toEqual([
    bob,
    "fd00::/8",
    "1.2.3.4",
    "1.2.3.4",
  ]);
  expect(["12D3KooWno", "10.0.0.1/8", "/ip4/1.2.3.4", ""].map(ruleTarget)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
