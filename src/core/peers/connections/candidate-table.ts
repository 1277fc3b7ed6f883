/**
 * The addresses that are dialed, found by address and by peer: what concerns one peer costs what its own addresses cost,
 * however many others are known.
 *
 * 1. An address is there once, and listed under its peer while one is known to live there.
 */
import type { PeerId } from "../../../base/brand.ts";
import type { Candidate } from "./candidate.ts";

export class CandidateTable {
  readonly #byAddress = new Map<string, Candidate>();
  readonly #byPeer = new Map<PeerId, Set<Candidate>>();

  get size(): number {
    return this.#byAddress.size;
  }

  at(address: string): Candidate | undefined {
    return this.#byAddress.get(address);
  }

  /** The addresses of one peer. */
  of(peer: PeerId): readonly Candidate[] {
    return [...(this.#byPeer.get(peer) ?? [])];
  }

  /** All of them. */
  values(): IterableIterator<Candidate> {
    return this.#byAddress.values();
  }

  /** Takes the place of what was at that address. */
  add(candidate: Candidate): void {
    this.delete(candidate.address);
    this.#byAddress.set(candidate.address, candidate);
    this.#list(candidate);
  }

  delete(address: string): boolean {
    const candidate = this.#byAddress.get(address);
    if (candidate !== undefined) this.#unlist(candidate);
    return this.#byAddress.delete(address);
  }

  /** This peer lives there now; also of an address that is not in the table any more. */
  name(candidate: Candidate, peer: PeerId): void {
    const isListed = this.#byAddress.get(candidate.address) === candidate;
    if (isListed) this.#unlist(candidate);
    (candidate as { peer: PeerId | undefined }).peer = peer;
    if (isListed) this.#list(candidate);
  }

  #list(candidate: Candidate): void {
    if (candidate.peer === undefined) return;
    const own = this.#byPeer.get(candidate.peer) ?? new Set();
    this.#byPeer.set(candidate.peer, own.add(candidate));
  }

  #unlist(candidate: Candidate): void {
    if (candidate.peer === undefined) return;
    const own = this.#byPeer.get(candidate.peer);
    own?.delete(candidate);
    if (own?.size === 0) this.#byPeer.delete(candidate.peer);
  }
}
