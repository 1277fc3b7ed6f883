/**
 * A peer that runs a later version of the program. In one half of its runs its hello names a version
 * that nobody here knows, with more in it than ours has: it must be told so and never be welcomed.
 * In the other half it says hello as we do and then sends kinds of messages from the future: gossip
 * of a later version must be left alone, an unknown frame must end the link with its promised code.
 */
import { concat, toHex } from "../src/base/bytes.ts";
import { Prng } from "../src/base/prng.ts";
import { type GoodbyeCode, decodeAdmit, encodeAdmit } from "../src/codec/admit.ts";
import type { NetworkEvent } from "../src/ports/network.ts";
import { Violation } from "./checkers/violation.ts";
import type { Identity } from "./identities.ts";
import type { SimNode } from "./node.ts";
import type { Port } from "./port.ts";
import type { Setting } from "./setting.ts";

const redialMs = 8_000;
const talkMs = 3_000;
const laterVersion = 2;
/** A gossip message of version 2 and a frame of a kind without a name. */
const laterGossip = 2;
const laterFrame = 0x77;

/** Codes a peer of another version may hear: its own, and those that have nothing to do with versions. */
const promisedCodes: ReadonlySet<GoodbyeCode> = new Set(["wrongVersion", "noHello", "shuttingDown", "clock", "full"]);

export class Newer {
  readonly identity: Identity;
  readonly #setting: Setting;
  readonly #prng: Prng;
  readonly #nodes: readonly SimNode[];
  readonly #index: number;
  readonly #saysNewHello: boolean;
  #port: Port | undefined;
  #attempts = 0;

  constructor(setting: Setting, index: number, nodes: readonly SimNode[]) {
    this.#setting = setting;
    this.#prng = new Prng(setting.prng.u32());
    this.#nodes = nodes;
    this.#index = index;
    this.#saysNewHello = this.#prng.chance(0.5);
    this.identity = setting.identities.create(setting.prng);
  }

  begin(): void {
    this.#port = this.#setting.network.plug({
      node: this.#index,
      peer: this.identity.peer,
      address: `/ip4/10.0.2.${this.#index}/tcp/4001/p2p/${this.identity.peer}`,
      hear: (event) => this.#hear(event),
    });
    this.#port.onGossip = () => undefined;
    this.#approach();
    if (!this.#saysNewHello) this.#talk();
  }

  leave(): void {
    if (this.#port !== undefined) this.#setting.network.unplug(this.#port, false);
    this.#port = undefined;
  }

  #approach(): void {
    if (this.#port === undefined) return;
    this.#port.obey({ type: "dial", address: this.#prng.pick(this.#nodes).address, attempt: ++this.#attempts });
    this.#setting.queue.after(redialMs * 2 * this.#prng.unit(), () => this.#approach());
  }

  #hear(event: NetworkEvent): void {
    if (event.type === "linkOpened") this.#greet(event.link);
    if (event.type === "frameReceived" && event.protocol === "admit") this.#admit(event.link, event.frame);
  }

  #greet(link: number): void {
    const hello = encodeAdmit({
      type: "hello",
      version: this.#saysNewHello ? laterVersion : 1,
      network: this.#setting.networkId,
      session: toHex(this.#prng.bytes(8)),
      clock: (this.#nodes[0] as SimNode).clock.right(),
      agent: "newer",
    });
    const more = this.#saysNewHello && this.#prng.chance(0.5) ? this.#prng.bytes(1 + this.#prng.below(40)) : [];
    this.#send(link, "admit", concat([hello, Uint8Array.from(more)]));
    if (this.#saysNewHello) this.#setting.recorder.count("newer:hello");
  }

  #admit(link: number, frame: Uint8Array): void {
    const decoded = decodeAdmit(frame);
    if (!decoded.ok) return;
    const message = decoded.value;
    if (message.type === "hello") {
      this.#port?.obey({ type: "acceptLink", link });
      if (!this.#saysNewHello) this.#send(link, "admit", encodeAdmit({ type: "welcome" }));
    }
    if (message.type === "welcome") {
      if (this.#saysNewHello) this.#broken("a peer of a later version is welcomed", message.type);
      this.#port?.obey({ type: "admitLink", link });
    }
    if (message.type !== "goodbye") return;
    this.#setting.recorder.count(`newer:goodbye:${message.code}`);
    if (this.#saysNewHello && !promisedCodes.has(message.code))
      this.#broken("a peer of a later version is not told that it is one", message.code);
  }

  #talk(): void {
    if (this.#port === undefined) return;
    const ends = [...this.#port.ends.values()].filter(({ state, gate }) => state === "open" && gate === "admitted");
    if (ends.length > 0) {
      const end = this.#prng.pick(ends);
      if (this.#prng.chance(0.7)) {
        this.#setting.recorder.count("newer:gossip");
        this.#port.whisper(end, concat([Uint8Array.of(laterGossip), this.#prng.bytes(60)]));
      } else {
        this.#setting.recorder.count("newer:frame");
        this.#send(end.link, "frontier", concat([Uint8Array.of(laterFrame), this.#prng.bytes(20)]));
      }
    }
    this.#setting.queue.after(talkMs * 2 * this.#prng.unit(), () => this.#talk());
  }

  #broken(message: string, heard: string): never {
    throw new Violation("14 whoever closes a link says why", message, { peer: this.identity.peer, heard });
  }

  #send(link: number, protocol: "admit" | "frontier", frame: Uint8Array): void {
    this.#port?.obey({ type: "send", link, protocol, frame });
  }
}
