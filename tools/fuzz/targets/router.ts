/** What a router on the local network says when it is asked for a way in. */
import { assert } from "../../../src/base/assert.ts";
import type { Prng } from "../../../src/base/prng.ts";
import type { Bytes } from "../../../src/base/bytes.ts";
import { gatewayIn } from "../../../src/drivers/system/port-mapping/gateway.ts";
import { MappingRefused } from "../../../src/drivers/system/port-mapping/mapping.ts";
import { decodeAnswer } from "../../../src/drivers/system/port-mapping/nat-pmp.ts";
import { controlIn, locationIn } from "../../../src/drivers/system/port-mapping/upnp.ts";
import { type Decoding, type Target, fastBatch, refusedAs } from "../target.ts";
import { textTarget } from "./reading.ts";

const router = "192.168.1.1";

/** The first byte is the operation that was asked for. */
function lookAtAnswer(bytes: Bytes): Decoding {
  const operation = bytes[0] ?? 0;
  try {
    const answer = decodeAnswer(Buffer.from(bytes.subarray(1)), operation);
    assert(answer.length >= (operation === 0 ? 12 : 16), "an answer has all its fields");
    return { outcome: "ok", again: undefined };
  } catch (error) {
    if (error instanceof MappingRefused) return refusedAs("refused");
    throw error;
  }
}

function anyAnswer(prng: Prng): Bytes {
  const operation = prng.pick([0, 2]);
  return new Uint8Array([operation, 0, 128 + operation, 0, 0, ...prng.bytes(12)]);
}

const service = (type: string): string =>
  `<service><serviceType>urn:schemas-upnp-org:service:${type}:1</serviceType><controlURL>/ctl</controlURL></service>`;

export const targets: readonly Target[] = [
  {
    name: "nat-pmp",
    group: "link",
    covers: ["drivers/system/port-mapping/nat-pmp.ts decodeAnswer"],
    batch: fastBatch,
    valid: anyAnswer,
    heaviest: () => [],
    decode: lookAtAnswer,
    look: lookAtAnswer,
  },
  textTarget({
    name: "upnp",
    group: "link",
    covers: ["upnp.ts locationIn", "upnp.ts controlIn", "gateway.ts gatewayIn"].map(
      (name) => `drivers/system/port-mapping/${name}`,
    ),
    valid: (prng) =>
      prng.pick([
        `HTTP/1.1 200 OK\r\nLOCATION: http://${router}:5000/desc.xml\r\n\r\n`,
        `<root>${service(prng.pick(["WANIPConnection", "WANPPPConnection"]))}</root>`,
        "eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0",
      ]),
    longest: `<root>${service("WANIPConnection")}</root>`,
    read(text) {
      const location = locationIn(text, router);
      assert(location === undefined || location.hostname === router, "only the router itself is asked");
      const control = controlIn(text, new URL(`http://${router}:5000/`), router);
      const gateway = gatewayIn(text);
      return { outcome: location ? "ok location" : control ? "ok control" : gateway ? "ok gateway" : "ok nothing" };
    },
  }),
];
