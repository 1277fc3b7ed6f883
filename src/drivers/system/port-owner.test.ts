import { createServer, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { portOwner } from "./port-owner.ts";

// Only Linux has the tables; elsewhere the answer is always undefined.
test.runIf(process.platform === "linux")("the process that listens on a port is named, on IPv4 and IPv6", async () => {
  for (const host of ["127.0.0.1", "::1"]) {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const { port } = server.address() as AddressInfo;
    const owner = await portOwner(port);
    await new Promise((resolve) => server.close(resolve));
    expect(owner?.pid).toBe(process.pid);
    expect(owner?.command).toContain("node");
    expect(await portOwner(port)).toBeUndefined();
  }
});
