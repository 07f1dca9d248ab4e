import type { Peer, Peers } from './peers.ts';

/** One look in so many goes to a peer that is only sampled. */
const SAMPLED = 4;

/** Whose turn it is: three looks for those that come first, one for the rest, each in its own fixed order. */
export class Rotation {
  #first: readonly Peer[] = [];
  #rest: readonly Peer[] = [];
  #firstAt = 0;
  #restAt = 0;
  #turn = 0;

  /** Takes new peers; places in the order are kept as far as they go. */
  follow({ first, rest }: Peers): void {
    this.#first = first;
    this.#rest = rest;
  }

  /** The next peer to look at; undefined when there is none. */
  next(): Peer | undefined {
    this.#turn = (this.#turn + 1) % SAMPLED;
    const isSample = this.#rest.length > 0 && (this.#turn === 0 || this.#first.length === 0);
    if (isSample) return this.#rest[this.#restAt++ % this.#rest.length];
    return this.#first.length === 0 ? undefined : this.#first[this.#firstAt++ % this.#first.length];
  }
}
