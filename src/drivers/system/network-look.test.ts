import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { expect, test } from "vitest";
import { lookAtNetwork, openFilesLimit, portUse, routesV4, routesV6 } from "./network-look.ts";

const route4 = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010011AC	0003	0	0	0	00000000	0	0	0
eth0	000011AC	00000000	0001	0	0	0	0000FFFF	0	0	0
`;
const zeros = "0".repeat(32);
const route6 = `${zeros} 00 ${zeros} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth1
${zeros} 00 ${zeros} 00 ${zeros} ffffffff 00000001 00000000 00200200       lo
fe800000000000000000000000000000 40 ${zeros} 00 ${zeros} 00000100 00000001 00000000 00000001     eth0
`;
const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0FA1 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
   1: 0100007F:0FA1 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 2 1
   2: 0100007F:9C40 0100007F:0FA1 01 00000000:00000000 00:00000000 00000000     0        0 3 1
   3: 0100007F:0FA1 0100007F:9C42 06 00000000:00000000 00:00000000 00000000     0        0 0 3
`;

test("a default route is told from others", () => {
  expect(routesV4(route4)).toEqual([{ family: "v4", interface: "eth0" }]);
  expect(routesV6(route6)).toEqual([{ family: "v6", interface: "eth1" }]);
});

test("listeners and standing connections of a port are counted, its clients and closed ones are not", () => {
  expect(portUse(4001, [tcp, ""])).toEqual({ port: 4001, listeners: 1, connections: 1 });
});

test("the limit of open files is the soft one, or none", () => {
  expect(
    openFilesLimit("Max cpu time  unlimited\nMax open files            1024                 4096      files\n"),
  ).toBe(1024);
  expect(openFilesLimit("Max open files            unlimited            unlimited            files\n")).toBeUndefined();
});

// Probes for Linux: other systems have no /proc to look into.
test.runIf(process.platform === "linux")("a port of this process is seen to be listened on", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const { port } = server.address() as AddressInfo;
    const look = await lookAtNetwork([port]);
    expect(look.ports).toEqual([{ port, listeners: 1, connections: 0 }]);
    expect(look.interfaces).toContainEqual({ name: "lo", family: "v4", address: "127.0.0.1", internal: true });
    expect(look.descriptors?.open).toBeGreaterThan(2);
  } finally {
    server.close();
  }
});
