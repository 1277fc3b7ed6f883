import { createServer, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { claimPorts, planPorts } from "./ports.ts";

test("ports count up from their bases, also for nodes added later", () => {
  expect(planPorts(1, 3, 8001, 9001)).toEqual([
    { p2p: 8001, http: 9001 },
    { p2p: 8002, http: 9002 },
    { p2p: 8003, http: 9003 },
  ]);
  expect(planPorts(4, 4, 8001, 0)).toEqual([{ p2p: 8004, http: 0 }]);
});

test("ranges that run out or into each other are refused", () => {
  expect(() => planPorts(1, 10, 65_530, 9001)).toThrow(/--base-port 65530 leaves no room/);
  expect(() => planPorts(1, 10, 8001, 8005)).toThrow(/overlap/);
  expect(planPorts(1, 10, 8001, 8011)).toHaveLength(10);
});

test("free ports are all different; a busy one is named with its holder before anything starts", async () => {
  const ports = (await claimPorts(planPorts(1, 20, 0, 0), "127.0.0.1")).flatMap(({ p2p, http }) => [p2p, http]);
  expect(new Set(ports).size).toBe(40);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const claim = claimPorts([{ p2p: port, http: 0 }], "127.0.0.1");
  await expect(claim).rejects.toMatchObject({
    code: "port_in_use",
    message: expect.stringContaining(`${port}`) as string,
  });
  await new Promise((resolve) => server.close(resolve));
  expect(await claimPorts([{ p2p: port, http: port }], "127.0.0.1")).toEqual([{ p2p: port, http: port }]);
});
