/**
 * Notices that the machine, or this program, did not run for a while, and that its addresses changed.
 *
 * A laptop's lid, a stopped virtual machine, a stopped process: afterwards sockets may be dead without
 * a word, and all waits were computed in another world. The clock of waits (CLOCK_MONOTONIC) stands
 * still while a machine is suspended and the one since boot (CLOCK_BOOTTIME, what `os.uptime` reads)
 * does not; where only this program was stopped its own timer is late. The wall clock is not looked
 * at: that somebody set it is no sleep. Source: clock_gettime(2).
 */
import { networkInterfaces, uptime } from "node:os";
import type { Millis } from "../../base/brand.ts";
import { hostLookEveryMs, interfacesLookEvery, sleptMsMin } from "./limits.ts";

export interface HostWatchInit {
  readonly onResumed: (sleptMs: Millis) => void;
  readonly onAddressesChanged: (added: readonly string[], removed: readonly string[]) => void;
}

/** What is looked at; tests give their own. */
export interface HostSigns {
  /** Clock of waits, in ms. */
  mono(): Millis;
  /** Time since the machine was started, in ms, sleep included. */
  sinceBoot(): Millis;
  /** Addresses of all network interfaces. */
  addresses(): readonly string[];
}

export class HostWatch {
  readonly #init: HostWatchInit;
  readonly #signs: HostSigns;
  #timer: NodeJS.Timeout | undefined;
  #mono = 0;
  #sinceBoot = 0;
  #addresses: ReadonlySet<string> = new Set();
  #looks = 0;

  constructor(init: HostWatchInit, signs: HostSigns = systemSigns) {
    this.#init = init;
    this.#signs = signs;
  }

  start(): void {
    [this.#mono, this.#sinceBoot] = [this.#signs.mono(), this.#signs.sinceBoot()];
    this.#addresses = new Set(this.#signs.addresses());
    this.#timer = setInterval(() => this.#look(), hostLookEveryMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const sleptMs = this.#sleptMs();
    if (sleptMs >= sleptMsMin) this.#init.onResumed(Math.round(sleptMs));
    this.#looks += 1;
    if (sleptMs >= sleptMsMin || this.#looks % interfacesLookEvery === 0) this.#lookAtAddresses();
  }

  /** Since the last look: time in which the clock of waits stood still, or in which we had no turn. */
  #sleptMs(): Millis {
    const [mono, sinceBoot] = [this.#signs.mono(), this.#signs.sinceBoot()];
    const [ran, passed] = [mono - this.#mono, sinceBoot - this.#sinceBoot];
    [this.#mono, this.#sinceBoot] = [mono, sinceBoot];
    return Math.max(passed - ran, ran - hostLookEveryMs);
  }

  #lookAtAddresses(): void {
    const addresses = new Set(this.#signs.addresses());
    const added = [...addresses].filter((address) => !this.#addresses.has(address));
    const removed = [...this.#addresses].filter((address) => !addresses.has(address));
    this.#addresses = addresses;
    if (added.length + removed.length > 0) this.#init.onAddressesChanged(added, removed);
  }
}

const systemSigns: HostSigns = {
  mono: () => performance.now(),
  sinceBoot: () => uptime() * 1_000,
  addresses: interfaceAddresses,
};

/** Every address of this machine by which others could reach it, loopback left out. */
function interfaceAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).filter(({ internal }) => !internal).map(({ address }) => address),
  );
}
