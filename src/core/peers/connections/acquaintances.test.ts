import { usualPeerLimits } from "../peer-limits.ts";
import { expect, test } from "vitest";
import type { Instant, PeerId, Time } from "../../../base/brand.ts";
import { peersRememberedMax } from "../limits.ts";
import { qualityHalfLifeMs } from "../quality.ts";
import { Acquaintances } from "./acquaintances.ts";

const at = (mono: number): Time => ({ wall: mono as Instant, mono });
const bob = "bob" as PeerId;
const news = { type: "brought", news: true } as const;

test("whoever is idle longest is forgotten first, however long ago a busy one was first seen", () => {
  const known = new Acquaintances(
    () => undefined,
    () => usualPeerLimits,
  );
  known.wasAdmitted(bob, 0);
  known.wasAdmitted("idle" as PeerId, 0);
  for (let i = 0; i < 2 * peersRememberedMax; i++) {
    known.wasAdmitted(`stranger${i}` as PeerId, i);
    if (i % 100 === 0) known.observe(bob, news, i);
  }
  expect(known.opinionOf(bob, "a", false, at(0)).class).toBe("regular");
  expect(known.opinionOf("idle" as PeerId, "a", false, at(0)).class).toBe("unknown");
});

test("what speaks for a peer where places are few fades also while nothing is observed", () => {
  const known = new Acquaintances(
    () => undefined,
    () => usualPeerLimits,
  );
  for (let i = 0; i < 20; i++) known.observe(bob, news, 0);
  const [then, later] = [0, qualityHalfLifeMs].map((mono) => known.opinionOf(bob, "a", false, at(mono)).usefulness);
  expect((later as number) - 0.5).toBeCloseTo(((then as number) - 0.5) / 2);
});
