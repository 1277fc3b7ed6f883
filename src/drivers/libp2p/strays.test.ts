import type { Connection } from "@libp2p/interface";
import { expect, test } from "vitest";
import { Strays } from "./strays.ts";

const connection = (id: string): Connection => ({ id }) as Connection;
const link = (to: Connection): { readonly connection: Connection } => ({ connection: to });

test("a link without connection, and a connection without link, count when found twice in a row", () => {
  const strays = new Strays();
  const [healthy, gone, late] = [connection("healthy"), connection("gone"), connection("late")];
  const [one, other] = [link(healthy), link(gone)];
  const found: unknown[] = [];
  const check = (
    connections: readonly Connection[],
    links: readonly { readonly connection: Connection }[],
  ): unknown => {
    found.length = 0;
    strays.check(connections, links, { dead: (each) => found.push(each), stray: (each) => found.push(each) });
    return [...found];
  };
  expect(check([healthy, late], [one, other])).toEqual([]);
  expect(check([healthy], [one])).toEqual([]); // both were on their way
  expect(check([healthy, late], [one, other])).toEqual([]);
  expect(check([healthy, late], [one, other])).toEqual([other, late]);
  expect(check([healthy], [one])).toEqual([]);
});
