/**
 * Has the router forward a port to this node, for as long as the node runs: NAT-PMP first, which is quick, then
 * UPnP. A mapping is asked for again at half of its lease and taken back at the end. A router that does not map is
 * asked again now and then, and at once when the machine's addresses change.
 *
 * It asks only where it makes sense: where there is a router and this machine has a private address towards it.
 */
import { type AddressScope, scopeOf } from "../../../base/address-scope.ts";
import { parseIp } from "../../../base/ip-range.ts";
import { findGateway, type Gateway } from "./gateway.ts";
import { leaseSeconds, leaseSecondsMin, mapAgainMs, outerPortsTried, unmapMsMax } from "./limits.ts";
import { type MapPort, MappingRefused, type Mapped } from "./mapping.ts";
import { mapByNatPmp } from "./nat-pmp.ts";
import { mapByUpnp } from "./upnp.ts";

/** What is known of the mapping, in words for `netcheck`. */
export type MappingState =
  | { readonly type: "off"; readonly reason: string }
  | { readonly type: "asking" }
  | { readonly type: "mapped"; readonly by: Language; readonly address: string; readonly isPublic: boolean }
  | { readonly type: "failed"; readonly reason: string };

export type Language = "NAT-PMP" | "UPnP";

interface Standing {
  readonly by: Language;
  readonly gateway: Gateway;
  readonly mapped: Mapped;
}

const languages: readonly { readonly by: Language; readonly map: MapPort }[] = [
  { by: "NAT-PMP", map: mapByNatPmp },
  { by: "UPnP", map: mapByUpnp },
];

export interface PortMapperInit {
  /** The TCP port that is to be forwarded. */
  readonly port: number;
  /** Called whenever the state is another. */
  readonly onState: (state: MappingState) => void;
}

export class PortMapper {
  readonly #init: PortMapperInit;
  #standing: Standing | undefined;
  #timer: NodeJS.Timeout | undefined;
  #asking: Promise<void> | undefined;
  readonly #stopping = new AbortController();

  constructor(init: PortMapperInit) {
    this.#init = init;
  }

  /** Asks, or asks again; never rejects. */
  map(): Promise<void> {
    if (this.#stopping.signal.aborted) return Promise.resolve();
    clearTimeout(this.#timer);
    this.#asking ??= this.#map().finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  /** Takes the mapping back, within the time there is. A router that is just being asked is not waited for. */
  async stop(): Promise<void> {
    this.#stopping.abort(); // what it may grant to a question on its way ends with its lease, as after a crash
    clearTimeout(this.#timer);
    await this.#unmap();
  }

  async #map(): Promise<void> {
    const { state, againMs } = await this.#ask();
    if (this.#stopping.signal.aborted) return;
    this.#init.onState(state);
    this.#timer = setTimeout(() => void this.map(), againMs).unref();
  }

  async #ask(): Promise<{ readonly state: MappingState; readonly againMs: number }> {
    const gateway = await findGateway();
    if (gateway === undefined) return { state: { type: "off", reason: "no router is known" }, againMs: mapAgainMs };
    const scope = scopeOfText(gateway.own);
    if (scope !== "local") {
      const what = scope === "global" ? "public" : "reserved, and not private";
      const reason = `this machine's own address towards the router, ${gateway.own}, is ${what}`;
      return { state: { type: "off", reason }, againMs: mapAgainMs };
    }
    const refusals: string[] = [];
    for (const { by } of languages) {
      try {
        const mapped = await this.#mapBy(by, gateway);
        this.#standing = { by, gateway, mapped };
        const address = `/ip4/${mapped.outerAddress}/tcp/${mapped.outerPort}`;
        const seconds = mapped.seconds === 0 ? leaseSeconds : Math.max(mapped.seconds, leaseSecondsMin);
        return {
          state: { type: "mapped", by, address, isPublic: scopeOfText(mapped.outerAddress) === "global" },
          againMs: seconds * 500,
        };
      } catch (cause) {
        if (this.#stopping.signal.aborted) return { state: { type: "asking" }, againMs: mapAgainMs }; // what stands is taken back
        refusals.push(cause instanceof MappingRefused ? cause.message : `${by}: ${String(cause)}`);
      }
    }
    this.#standing = undefined;
    return { state: { type: "failed", reason: refusals.join("; ") }, againMs: mapAgainMs };
  }

  /** At the outer port it has, or that of the same number, or another one where that is taken. */
  async #mapBy(by: Language, gateway: Gateway): Promise<Mapped> {
    const { port } = this.#init;
    const had = this.#standing?.by === by ? this.#standing.mapped.outerPort : port;
    for (let tried = 1; ; tried++) {
      const outerPort = tried === 1 ? had : 1_024 + ((port * 7 + tried * 9_973) % 60_000);
      try {
        return await mapper(by)(gateway, { innerPort: port, outerPort, seconds: leaseSeconds }, this.#stopping.signal);
      } catch (cause) {
        if (!(cause instanceof MappingRefused) || !cause.isTaken || tried >= outerPortsTried) throw cause;
      }
    }
  }

  async #unmap(): Promise<void> {
    await this.#asking; // which the stop has ended
    const standing = this.#standing;
    this.#standing = undefined;
    if (standing === undefined) return;
    const { by, gateway, mapped } = standing;
    try {
      const wish = { innerPort: this.#init.port, outerPort: mapped.outerPort, seconds: 0 };
      await mapper(by)(gateway, wish, AbortSignal.timeout(unmapMsMax));
    } catch {
      return; // it ends with its lease
    }
  }
}

function mapper(by: Language): MapPort {
  return by === "UPnP" ? mapByUpnp : mapByNatPmp;
}

function scopeOfText(address: string): AddressScope | undefined {
  const ip = parseIp(address);
  return ip === undefined ? undefined : scopeOf(ip);
}
