import { expect, test } from "vitest";
import { createMemoryStore } from "../../../sim/memory-store.ts";
import { Meeting, Member } from "../../../test/support/member.ts";

const began = 1_790_000_000_000;

test("a member that joins has the keys it wants first before all others, then everything", () => {
  const writer = new Member(1, began);
  for (let batch = 0; batch < 3; batch++)
    writer.write(Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`bulk/${batch}/${i}`, "v"])));
  writer.write({ "config/a": "1", "config/b": "2" });
  const joiner = new Member(2, began, createMemoryStore(), ["config/"]);
  new Meeting().link(joiner, writer);
  const idOf = (key: string): number => joiner.store.living(key)?.id ?? Infinity;
  const wanted = ["config/a", "config/b"].map(idOf);
  expect(Math.max(...wanted)).toBeLessThan(Math.min(...[0, 1, 2].map((batch) => idOf(`bulk/${batch}/0`))));
  expect(joiner.summary).toEqual(writer.summary);
});
