/**
 * mDNS of a node and nothing else, as a process, to be run on a host of a `Lan`: `node mdns-probe.ts SEED FAMILY`. Tells on
 * stdout, a line of JSON each, of every address it finds, and twice a second how it is. Ends with its stdin, and says farewell.
 */
import { networkInterfaces } from "node:os";
import type { Author } from "../../src/base/brand.ts";
import { toHex } from "../../src/base/bytes.ts";
import { peerIdOf } from "../../src/codec/peer-id.ts";
import type { AddressFamily } from "../../src/base/address-family.ts";
import { HostWatch } from "../../src/drivers/libp2p/host-watch.ts";
import { Mdns } from "../../src/drivers/libp2p/mdns.ts";

const [seed, family] = process.argv.slice(2) as [string, AddressFamily];
const self = peerIdOf(toHex(new Uint8Array(32).fill(Number(seed))) as Author);
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

const mdns = new Mdns({
  self,
  family,
  network: { name: "probe", id: "ab".repeat(32) },
  addresses: () =>
    Object.values(networkInterfaces()).flatMap((all = []) =>
      all
        .filter(({ internal, address }) => !internal && !address.startsWith("fe80"))
        .map((each) => `/${each.family === "IPv4" ? "ip4" : "ip6"}/${each.address}/tcp/4001/p2p/${self}`),
    ),
  onEvent: (event) => {
    if (event.type === "candidateFound") say({ found: event.address });
  },
  onFact: (fact) => say({ fact }),
});
const watch = new HostWatch({
  onResumed: () => mdns.lookAgain(),
  onAddressesChanged: () => mdns.lookAgain(),
});
mdns.start();
watch.start();
const timer = setInterval(() => say({ health: mdns.health() }), 500);
process.stdin.resume();
process.stdin.once("close", () => {
  clearInterval(timer);
  watch.stop();
  void mdns.stop();
});
