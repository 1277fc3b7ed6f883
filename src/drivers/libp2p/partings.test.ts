import { expect, test } from "vitest";
import { strangersMax } from "../../core/peers/limits.ts";
import { partingLinksMax, spareConnections } from "./limits.ts";
import { type Parting, Partings } from "./partings.ts";

/** A link whose peer takes its time. */
class SlowLink implements Parting {
  wasCut = false;
  readonly #gone = Promise.withResolvers<void>();

  close(): Promise<void> {
    return this.#gone.promise;
  }

  cut(): void {
    this.wasCut = true;
    this.end();
  }

  end(): void {
    this.#gone.resolve();
  }
}

function leaving(partings: Partings, count: number): readonly SlowLink[] {
  return Array.from({ length: count }, () => {
    const link = new SlowLink();
    partings.part(link, "enough");
    return link;
  });
}

test("of more links than may leave in their own time those that began first are cut, and no others", () => {
  const links = leaving(new Partings(), partingLinksMax + 3);
  expect(links.map(({ wasCut }) => wasCut)).toEqual(links.map((_, i) => i < 3));
});

test("who has left makes room for others that leave", async () => {
  const partings = new Partings();
  const links = leaving(partings, partingLinksMax);
  for (const link of links) link.end();
  await Promise.all(links.map((link) => link.close()));
  const others = leaving(partings, partingLinksMax);
  expect([...links, ...others].some(({ wasCut }) => wasCut)).toBe(false);
});

test("beside all links, all strangers and all that leave libp2p still takes one in, so a place that is free can be had at once", () => {
  expect(strangersMax + partingLinksMax).toBeLessThan(spareConnections);
});
