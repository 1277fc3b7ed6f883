import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BoundedMap } from "./bounded-map.ts";

const anyKey = fc.integer({ min: 0, max: 9 });
/** Sets a key to a value, or deletes it. */
const anyStep = fc.record({ key: anyKey, value: fc.option(fc.integer(), { nil: undefined, freq: 3 }) });

describe("a bounded map", () => {
  test("behaves like a list of its last settings, the oldest dropped beyond its limit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(anyStep, { maxLength: 60 }), (sizeMax, steps) => {
        const map = new BoundedMap<number, number>(sizeMax);
        let model: (readonly [number, number])[] = [];
        for (const step of steps) {
          const others = model.filter(([key]) => key !== step.key);
          const wasThere = others.length < model.length;
          const isThere = step.value === undefined ? map.delete(step.key) : (map.set(step.key, step.value), wasThere);
          expect(isThere).toBe(wasThere);
          model = (step.value === undefined ? others : [...others, [step.key, step.value] as const]).slice(-sizeMax);
          expect(map.size).toBe(model.length);
          expect([...map.values()]).toEqual(model.map(([, value]) => value));
          for (let key = 0; key <= 9; key++) expect(map.get(key)).toBe(new Map(model).get(key));
        }
      }),
    );
  });

  test("that is full forgets the key that was set longest ago, not the one read longest ago", () => {
    const map = new BoundedMap<string, number>(2);
    map.set("a", 1);
    map.set("b", 2);
    map.get("a");
    map.set("c", 3);
    expect([map.get("a"), map.get("b"), map.get("c"), map.size]).toEqual([undefined, 2, 3, 2]);
  });

  test("that is full takes a new value for a key it has without forgetting another", () => {
    const map = new BoundedMap<string, number>(2);
    map.set("a", 1);
    map.set("b", 2);
    map.set("a", 3);
    expect([map.get("a"), map.get("b")]).toEqual([3, 2]);
    map.set("c", 4);
    expect([map.get("a"), map.get("b")]).toEqual([3, undefined]);
  });

  test("without room for anything is a fault of the program", () => {
    expect(() => new BoundedMap(0)).toThrow("has room for something");
  });
});
