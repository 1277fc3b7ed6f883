/** Real nodes that find one another by their ids alone: no mDNS, no exchange of addresses, nobody dialed but one. */
import { expect, test } from "vitest";
import type { RunningNode } from "./facade.ts";
import { addressOf, createFleet } from "../../test/support/in-process.ts";
import { causeOf } from "../../test/support/why.ts";

const alone = { p2pMdns: false, peersExchange: false, peersOutbound: 0 } as const;
const idOf = (node: RunningNode): string => node.facade.info().peerId;

test("a node that knows one member's address and another's id links to both", async () => {
  await using fleet = createFleet();
  const a = await fleet.start("a", alone);
  const c = await fleet.start("c", { ...alone, p2pDial: [addressOf(a)] });
  await causeOf(c.facade, idOf(a), "connected");
  const d = await fleet.start("d", { ...alone, p2pDial: [addressOf(a), `/p2p/${idOf(c)}`] });
  const { facts } = await causeOf(d.facade, idOf(c), "connected", ["looking", "notFound"]);
  expect(facts.find(({ name }) => name === "found")?.text).toBe(
    `${addressOf(c).replace(/\/p2p\/.*/, "")}, told by ${idOf(a)}`,
  );
  expect(facts.find(({ name }) => name === "known from")?.text).toBe(
    "other members told of it when they were asked for a peer",
  );
});

test("why tells of a search for nobody whom it asked, and a peer that comes later is linked", async () => {
  await using fleet = createFleet();
  const a = await fleet.start("a", alone);
  const c = await fleet.start("c", alone);
  const d = await fleet.start("d", alone);
  await d.facade.dial(`/p2p/${idOf(c)}`);
  expect(await d.facade.why(idOf(c))).toMatchObject({
    cause: "notFound",
    conclusion: "It is looked for by its id, but no member is linked that could be asked.",
  });
  await d.facade.dial(addressOf(a));
  await causeOf(d.facade, idOf(a), "connected");
  const vain = await causeOf(d.facade, `/p2p/${idOf(c)}`, "notFound", ["looking"]);
  expect(vain.next).toMatch(/^It is looked for (again )?in \d+ s|^It is looked for/);
  await c.facade.dial(addressOf(a));
  await causeOf(d.facade, idOf(c), "connected", ["looking", "notFound"]);
});

test("a node that takes no part in it says so", async () => {
  await using fleet = createFleet();
  const a = await fleet.start("a", { ...alone, p2pDht: false });
  await expect(a.facade.dial("/p2p/12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf")).rejects.toMatchObject({
    code: "invalid_address",
    message: expect.stringContaining("p2p.dht is off here"),
  });
  await expect(a.facade.dial(`/p2p/${idOf(a)}`)).rejects.toMatchObject({ code: "invalid_address" });
});
