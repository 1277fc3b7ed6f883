import { expect, test } from "vitest";
import { isRelayed, relayedBy, relayOf } from "./relayed-address.ts";

const relay = "/ip4/8.0.0.1/tcp/4001/p2p/R";

test("a relayed address names its relay, with or without the peer at its end", () => {
  expect(relayOf(relayedBy(relay))).toEqual({ peer: "R", address: relay });
  expect(relayOf(`${relayedBy(relay)}/p2p/A`)).toEqual({ peer: "R", address: relay });
  expect(isRelayed(`${relayedBy(relay)}/p2p/A`)).toBe(true);
});

test.each([
  "/ip4/8.0.0.1/tcp/4001/p2p/A",
  "/ip4/8.0.0.1/tcp/4001/p2p-circuit",
  `${relay}/p2p-circuit/p2p/S/p2p-circuit`,
])("%s names no one relay", (address) => expect(relayOf(address)).toBeUndefined());
