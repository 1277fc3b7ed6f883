/**
 * Promise 4: whatever lives anywhere was written by whom it names. The world tells this book what
 * each key holder really signed and which operations it put into the batch; nothing else may live.
 */
import type { Bytes } from "../../src/base/bytes.ts";
import { headerBytes } from "../../src/codec/parcel.ts";
import type { LivingFact, Seen } from "./facts.ts";
import { seen } from "./versions.ts";
import { Violation } from "./violation.ts";

export class SignedBatches {
  readonly #network: string;
  /** Signed headers, each with its batch's operations once those are known. */
  readonly #opsOfHeader = new Map<string, readonly string[]>();
  readonly #headerOfBatch = new Map<string, string>();
  /** What was found to be signed. */
  readonly #found = new WeakSet<Seen>();

  constructor(network: string) {
    this.#network = network;
  }

  /** Somebody signed these bytes with its own key; the header stands at their end. */
  signed(message: Bytes): void {
    const header = textOf(message.subarray(-headerBytes));
    if (!this.#opsOfHeader.has(header)) this.#opsOfHeader.set(header, []);
  }

  /** The operations of a batch, in order, from its writer. */
  made(signedHeader: Bytes, ops: readonly Bytes[]): void {
    this.#opsOfHeader.set(headerOf(signedHeader), ops.map(textOf));
  }

  opsOf(signedHeader: Bytes): readonly string[] {
    return this.#opsOfHeader.get(headerOf(signedHeader)) ?? [];
  }

  check(node: number, fact: LivingFact): void {
    const { header } = seen(fact);
    if (this.#found.has(seen(fact))) return; // the very same bytes, on another disk
    const name = headerOf(fact.signedHeader);
    const ops = this.#opsOfHeader.get(name);
    const facts = { node, key: fact.key, batch: fact.batch, author: header.author };
    const broken = (message: string): never => {
      throw new Violation("4 nobody writes in another's name", message, facts);
    };
    if (ops === undefined) return broken("an entry lives whose author never signed its batch");
    if (header.network !== this.#network) return broken("an entry of another network lives");
    if (ops[fact.index] !== textOf(fact.opBytes)) return broken("an entry lives that is not in its batch");
    if (seen(fact).op.key !== fact.key) return broken("an entry lives under another key than its own");
    const known = this.#headerOfBatch.get(fact.batch) ?? name;
    if (known !== name) broken("one batch name stands for two headers");
    this.#headerOfBatch.set(fact.batch, known);
    this.#found.add(seen(fact));
  }
}

function headerOf(signedHeader: Bytes): string {
  return textOf(signedHeader.subarray(0, headerBytes));
}

/** Bytes as a text that equals another exactly where the bytes do: a character each, which is fast to make. */
function textOf(bytes: Bytes): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
