import { expect, onTestFinished, test, vi } from "vitest";
import { Table, bob, carol } from "../../../../test/support/dial-table.ts";
import type { Instant, PeerId } from "../../../base/brand.ts";
import { candidatesMax } from "../limits.ts";
import { CandidateTable } from "./candidate-table.ts";
import { newCandidate } from "./candidate.ts";

const addressesOf = (table: CandidateTable, peer: PeerId): readonly string[] =>
  table.of(peer).map(({ address }) => address);

test("an address is found under the peer that lives there now, and under no other", () => {
  const table = new CandidateTable();
  const [a, b] = [newCandidate("a", bob, "mdns", 0), newCandidate("b", undefined, "static", 0)];
  table.add(a);
  table.add(b);
  table.name(b, bob);
  expect(addressesOf(table, bob)).toEqual(["a", "b"]);
  table.name(a, carol);
  expect([addressesOf(table, bob), addressesOf(table, carol)]).toEqual([["b"], ["a"]]);
});

test("an address that is gone, or whose place another took, is under no peer any more", () => {
  const table = new CandidateTable();
  const old = newCandidate("a", bob, "mdns", 0);
  table.add(old);
  table.add(newCandidate("a", carol, "mdns", 0));
  expect([addressesOf(table, bob), addressesOf(table, carol), table.size]).toEqual([[], ["a"], 1]);
  table.name(old, bob);
  expect([old.peer, addressesOf(table, bob)]).toEqual([bob, []]);
  expect([table.delete("a"), table.delete("a"), addressesOf(table, carol)]).toEqual([true, false, []]);
});

test("what is thought of a peer is found by visiting its own addresses only, however many others are known", () => {
  const table = new Table();
  for (let i = 0; i < candidatesMax - 2; i++) table.found(`other${i}`, `other${i}` as PeerId, "mdns");
  table.found("one", bob, "mdns");
  table.found("two", bob, "static");
  let visits = 0;
  for (const through of [Map.prototype, Set.prototype])
    for (const name of ["values", Symbol.iterator] as const) {
      const original = through[name] as () => IterableIterator<unknown>;
      const spy = vi.spyOn(through, name as "values").mockImplementation(function* (this: Map<unknown, unknown>) {
        for (const each of { [Symbol.iterator]: () => original.call(this) }) {
          visits += 1;
          yield each;
        }
      } as never);
      onTestFinished(() => spy.mockRestore());
    }
  const opinion = table.machine.opinionOf(bob, "one", { wall: 0 as Instant, mono: 0 });
  const visited = visits;
  expect(opinion.class).toBe("trusted");
  expect(visited).toBe(2);
});
