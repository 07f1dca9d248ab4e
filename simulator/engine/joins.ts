import type { Fleet } from './fleet.ts';
import type { Holds } from './holds.ts';
import type { Replica } from './replica.ts';
import type { Requests } from './requests.ts';
import type { Tokens } from './tokens.ts';

/** Services with several inputs: all inputs of a request meet at one replica, which serves when the last one is there. */
export class Joins {
  readonly #tokens: Tokens;
  readonly #requests: Requests;
  readonly #fleet: Fleet;
  readonly #holds: Holds;

  constructor(tokens: Tokens, requests: Requests, fleet: Fleet, holds: Holds) {
    this.#tokens = tokens;
    this.#requests = requests;
    this.#fleet = fleet;
    this.#holds = holds;
  }

  /** The replica at which the inputs of a seat (a slot's join; -1 for none) meet; undefined before the first is sent. */
  chosen(seat: number): Replica | undefined {
    return seat < 0 ? undefined : this.#fleet.replicas[this.#requests.chosen[seat] ?? -1];
  }

  /** They meet at this one, which is kept for the request until it has served. */
  choose(seat: number, replica: Replica): void {
    this.#requests.chosen[seat] = replica.id;
    replica.pending++;
  }

  /** A join's replica is not kept for the request any longer. */
  unseat(slot: number, join: number): void {
    const seat = slot * this.#requests.joins + join;
    const id = this.#requests.chosen[seat] ?? -1;
    if (id < 0) return;
    this.#requests.chosen[seat] = -1;
    this.#holds.leave(id);
  }

  /** Counts an input; true for the last one, whose time is then the latest of all. */
  input(token: number, slot: number, join: number): boolean {
    const tokens = this.#tokens;
    const requests = this.#requests;
    const seat = slot * requests.joins + join;
    const time = tokens.time[token] ?? 0;
    const latest = requests.latest[seat] ?? -1;
    if (tokens.sync[token] === 1) {
      if (time < (requests.firstSync[seat] ?? 0)) requests.firstSync[seat] = time;
      if (time > (requests.lastSync[seat] ?? 0)) requests.lastSync[seat] = time;
    }
    const left = (requests.inputs[seat] ?? 0) - 1;
    requests.inputs[seat] = left;
    if (left > 0) {
      if (time > latest) requests.latest[seat] = time;
      return false;
    }
    const spread = (requests.lastSync[seat] ?? 0) - (requests.firstSync[seat] ?? 0);
    if (spread > (requests.sync[slot] ?? 0)) requests.sync[slot] = spread;
    if (latest > time) {
      // Inputs of the same microsecond may come in the wrong order: the rest of it is a wait.
      tokens.queue[token] = (tokens.queue[token] ?? 0) + latest - time;
      tokens.time[token] = latest;
    }
    return true;
  }
}
