/** How the network is, and what others say of a peer, from the command line through the API to a node in memory. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { explanationSchema, statusSchema } from "../api/views.ts";
import type { NetworkHealth, ToldView } from "../node/facade.ts";
import { type TestApi, startTestApi } from "../../test/support/api-client.ts";
import { memoryPeerId } from "../../test/support/memory-facade.ts";
import { type Run, runAgainst } from "../../test/support/run-against.ts";

let api: TestApi;
const run = (...words: readonly string[]): Promise<Run> => runAgainst(api, words);
beforeEach(async () => void (api = await startTestApi()));
afterEach(() => api.close());

test("status says how the network is, and each cause of trouble on a line of its own", async () => {
  expect((await run("status")).out).toContain("health     the network is healthy: 0 of 0 known members linked\n");
  const causes: NetworkHealth["causes"] = [
    { code: "partition", level: "degraded", message: "1 member is cut off" },
    { code: "flapping", level: "degraded", message: "links\nbreak" },
  ];
  api.control.network = { level: "degraded", causes, linked: 2, known: 3 };
  expect((await run("status")).out).toMatch(
    /\nhealth +the network is degraded\n +1 member is cut off\n +links\\nbreak\n/,
  );
  const status = statusSchema.parse(JSON.parse((await run("status", "--json")).out));
  expect(status.networkHealth).toEqual(api.control.network);
});

test("why lists as JSON what others say, and through whom", async () => {
  const words = { cause: "banned", conclusion: "It is banned.", next: "Unban it." };
  const view: ToldView = { by: memoryPeerId, through: undefined, ...words };
  api.control.views = [view, { ...view, through: memoryPeerId }];
  const { views } = explanationSchema.parse(JSON.parse((await run("why", memoryPeerId, "--json")).out));
  expect(views).toEqual([
    { by: memoryPeerId, through: null, ...words },
    { by: memoryPeerId, through: memoryPeerId, ...words },
  ]);
});
