import type { Fleet } from './fleet.ts';
import type { Requests } from './requests.ts';
import type { Tokens } from './tokens.ts';

/** What a request holds until nothing more comes of it: its slot, its tokens, and its name on replicas. */
export class Holds {
  readonly #tokens: Tokens;
  readonly #requests: Requests;
  readonly #fleet: Fleet;

  constructor(tokens: Tokens, requests: Requests, fleet: Fleet) {
    this.#tokens = tokens;
    this.#requests = requests;
    this.#fleet = fleet;
  }

  /** A token of a request; `extra` for a call that nobody waits for. */
  token(slot: number, extra: 0 | 1): number {
    const tokens = this.#tokens;
    const token = tokens.take();
    tokens.request[token] = slot;
    tokens.extra[token] = extra;
    tokens.sync[token] = 0;
    tokens.access[token] = 0;
    tokens.queue[token] = 0;
    tokens.serve[token] = 0;
    this.#requests.tokens[slot] = (this.#requests.tokens[slot] ?? 0) + 1;
    return token;
  }

  /** Nothing more comes of a token. */
  drop(token: number): void {
    const slot = this.#tokens.request[token] ?? 0;
    this.#tokens.give(token);
    this.release(slot);
  }

  /** One token less; the slot is free after the last. */
  release(slot: number): void {
    const left = (this.#requests.tokens[slot] ?? 0) - 1;
    this.#requests.tokens[slot] = left;
    if (left === 0) this.#requests.close(slot);
  }

  /** Takes a name off a replica. */
  leave(id: number): void {
    const replica = this.#fleet.replicas[id];
    if (replica !== undefined && --replica.pending === 0) this.#fleet.idle(replica);
  }
}
