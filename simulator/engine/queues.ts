import { RANK } from './ranks.ts';
import type { Replica } from './replica.ts';
import type { Requests } from './requests.ts';
import { FATE } from './tokens.ts';
import type { Tokens } from './tokens.ts';

/** Jobs in the queues of replicas: each has its place reserved from its arrival, and one event, its end. */
export class Queues {
  readonly #tokens: Tokens;
  readonly #requests: Requests;
  readonly #clock: { readonly now: number };
  readonly #schedule: (token: number, time: number, rank: number) => void;

  constructor(
    tokens: Tokens,
    requests: Requests,
    clock: { readonly now: number },
    schedule: (token: number, time: number, rank: number) => void,
  ) {
    this.#tokens = tokens;
    this.#requests = requests;
    this.#clock = clock;
    this.#schedule = schedule;
  }

  /** How long a replica has worked until now, microseconds. */
  busyMicros(replica: Replica): number {
    const { now } = this.#clock;
    const begin = replica.first < 0 ? now : (this.#tokens.begin[replica.first] ?? now);
    return replica.served + Math.max(0, now - begin);
  }

  /** Reserves a token's place in a queue. A job that the deadline cuts short stops there; one that would begin later never does. */
  enter(token: number, replica: Replica, factor: number): void {
    const tokens = this.#tokens;
    const slot = tokens.request[token] ?? 0;
    const at = tokens.time[token] ?? 0;
    const work = replica.serveMicros * factor;
    const begin = replica.station.begin(at);
    tokens.work[token] = work;
    tokens.queue[token] = (tokens.queue[token] ?? 0) + begin - at;
    tokens.serve[token] = (tokens.serve[token] ?? 0) + work;
    this.#book(token, replica, begin, work, this.#requests.deadline[slot] ?? 0);
  }

  /** The first job of a queue has been served. */
  leave(token: number, replica: Replica): void {
    const tokens = this.#tokens;
    const next = tokens.next[token] ?? -1;
    replica.first = next;
    if (next < 0) replica.last = -1;
    const time = tokens.time[token] ?? 0;
    replica.served += time - (tokens.begin[token] ?? time);
  }

  /** Empties a queue and returns its tokens, in order. */
  clear(replica: Replica): number[] {
    replica.served = this.busyMicros(replica);
    const tokens: number[] = [];
    for (let token = replica.first; token >= 0; token = this.#tokens.next[token] ?? -1) tokens.push(token);
    replica.first = replica.last = -1;
    return tokens;
  }

  /** A replica works at another speed: what is left of every job in its queue takes `ratio` times as long. */
  rework(replica: Replica, ratio: number): void {
    const tokens = this.#tokens;
    const { now } = this.#clock;
    const waiting: number[] = [];
    for (let token = replica.first; token >= 0; token = tokens.next[token] ?? -1) waiting.push(token);
    replica.first = replica.last = -1;
    let free = now;
    for (const token of waiting) {
      const slot = tokens.request[token] ?? 0;
      const begin = tokens.begin[token] ?? now;
      const done = Math.max(0, now - begin);
      const left = Math.max(0, (tokens.work[token] ?? 0) - done) * ratio;
      // A job that begins within this very microsecond keeps its fraction of it.
      const from = Math.max(free, Math.min(begin, now + 0.5));
      replica.served += done;
      tokens.serve[token] = (tokens.serve[token] ?? 0) - (tokens.work[token] ?? 0) + done + left;
      if (done === 0) tokens.queue[token] = (tokens.queue[token] ?? 0) + from - begin;
      tokens.work[token] = left;
      this.#book(token, replica, from, left, this.#requests.deadline[slot] ?? 0);
      free = Math.min(from + left, this.#requests.deadline[slot] ?? 0);
      if (free < from) free = from;
    }
    if (waiting.length > 0) replica.station.hold(free);
  }

  #book(token: number, replica: Replica, begin: number, work: number, deadline: number): void {
    const tokens = this.#tokens;
    const late = begin + work > deadline;
    const end = late ? deadline : begin + work;
    tokens.fate[token] = late ? FATE.expired : FATE.fine;
    if (begin > deadline) {
      this.#schedule(token, deadline, RANK.arrived);
      return;
    }
    tokens.begin[token] = begin;
    tokens.next[token] = -1;
    if (replica.last < 0) replica.first = token;
    else tokens.next[replica.last] = token;
    replica.last = token;
    replica.station.hold(end);
    this.#schedule(token, end, RANK.served);
  }
}
