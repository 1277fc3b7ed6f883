/** What routers say, read strictly; real ones are asked in `test/net`. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { gatewayIn } from "./gateway.ts";
import { MappingRefused } from "./mapping.ts";
import { decodeAnswer, encodeMap, mapByNatPmp } from "./nat-pmp.ts";
import { controlIn, locationIn, mapByUpnp } from "./upnp.ts";

test("the router of the default route is read from the kernel's table", () => {
  const head = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT";
  const near = "eth0\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0";
  expect(gatewayIn([head, near, "eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0"].join("\n"))).toBe(
    "192.168.1.1",
  );
  expect(
    gatewayIn([head, near, "ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0"].join("\n")),
  ).toBeUndefined();
  expect(gatewayIn("")).toBeUndefined();
});

describe("NAT-PMP", () => {
  test("asks in twelve bytes, and takes back with a lease of nothing and no outer port", () => {
    expect(encodeMap(4001, 4001, 3_600).toString("hex")).toBe("000200000fa10fa100000e10");
    expect(encodeMap(4001, 4001, 0).toString("hex")).toBe("000200000fa1000000000000");
  });

  test.each([
    ["of another operation", "0080000000000001", /answer is none/],
    ["of another version", "0182000000000001", /answer is none/],
    ["of nothing", "", /answer is none/],
    ["that refuses", "00820002000000010fa1000000000000", /does not allow it/],
    ["with an unknown refusal", "00820063000000010fa1000000000000", /answered 99/],
    ["cut short", "0082000000000001", /cut short/],
  ])("takes no answer %s", (_, hex, words) => {
    expect(() => decodeAnswer(Buffer.from(hex, "hex"), 2)).toThrow(words);
  });
});

describe("UPnP", () => {
  const router = "192.168.1.1";
  const answer = (location: string): string =>
    `HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nLocation: ${location}\r\n\r\n`;

  test.each([
    ["spaces", `<service><serviceType>${" ".repeat(60_000)}</service>`],
    ["elements that are not closed", `<service>${"<serviceType ".repeat(5_000)}</service>`],
    ["services that are not closed", "<service>".repeat(7_000)],
  ])("reads 64 KiB of %s in no time", (_, description) => {
    const before = process.threadCpuUsage();
    expect(controlIn(description, new URL("http://192.168.1.1/"), router)).toBeUndefined();
    expect(process.threadCpuUsage(before).user).toBeLessThan(100_000);
  });

  test.each([
    ["at the router", "http://192.168.1.1:5000/rootDesc.xml", "http://192.168.1.1:5000/rootDesc.xml"],
    ["elsewhere", "http://192.168.1.7:5000/rootDesc.xml", undefined],
    ["at a name", "http://router.local/rootDesc.xml", undefined],
    ["that is no HTTP", "file:///etc/passwd", undefined],
    ["that is none", "nowhere", undefined],
  ])("follows a description %s only if that is the router", (_, location, href) => {
    expect(locationIn(answer(location), router)?.href).toBe(href);
  });

  const service = (type: string, path: string): string =>
    `<service><serviceType>${type}</serviceType><serviceId>x</serviceId><controlURL>${path}</controlURL></service>`;
  const ip = "urn:schemas-upnp-org:service:WANIPConnection:1";

  test.each([
    [
      "the service that maps",
      service("urn:other:1", "/no") + service(ip, "/ctl/IPConn"),
      "http://192.168.1.1:5000/ctl/IPConn",
    ],
    ["none elsewhere", service(ip, "http://10.0.0.1/ctl"), undefined],
    ["none of another type", service("urn:schemas-upnp-org:service:Layer3Forwarding:1", "/ctl"), undefined],
    ["none in what is no description", "<html>", undefined],
  ])("finds in a description %s", (_, description, href) => {
    const base = new URL("http://192.168.1.1:5000/rootDesc.xml");
    expect(controlIn(description, base, router)?.url.href).toBe(href);
  });
});

test.each([
  ["NAT-PMP", mapByNatPmp, 5351],
  ["UPnP", mapByUpnp, 1900],
])("a question by %s to a router that says nothing ends when the node stops", async (_, map, port) => {
  const router = createSocket("udp4");
  try {
    await new Promise<void>((bound) => router.bind(port, "127.53.51.19", bound)); // of this machine, and nobody else's
    const stopping = new AbortController();
    const asked = once(router, "message").then(() => stopping.abort());
    const gateway = { address: "127.53.51.19", own: "127.0.0.1" };
    const mapped = map(gateway, { innerPort: 4001, outerPort: 4001, seconds: 3_600 }, stopping.signal);
    await expect(mapped).rejects.toThrow(MappingRefused);
    await asked;
  } finally {
    router.close();
  }
});
