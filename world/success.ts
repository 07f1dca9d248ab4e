import type { Instance } from './instance.ts';

/**
 * Probability that a request succeeds: the product over the distinct links of its calls, the links of its way in and its band,
 * each counted once however often it is crossed; the mean over ingress regions, weighted by rate. Keeps scratch arrays.
 */
export class Success {
  readonly #instance: Instance;
  /** Probability of each link, by link id. */
  readonly #ofLink: Float64Array;
  /** Round in which a link was last counted as part of the calls, and of a way in. */
  readonly #called: Int32Array;
  readonly #entered: Int32Array;
  #round = 0;
  #begun = 0;
  #calls = 1;

  constructor(instance: Instance) {
    const { link, success } = instance.snapshot.graph;
    this.#instance = instance;
    const links = link.reduce((most, id) => Math.max(most, id + 1), 0);
    this.#ofLink = new Float64Array(links).fill(1);
    for (const [arc, id] of link.entries()) this.#ofLink[id] = success[arc] ?? 1;
    this.#called = new Int32Array(links);
    this.#entered = new Int32Array(links);
  }

  /** Forgets all links. */
  begin(): void {
    this.#begun = ++this.#round;
    this.#calls = 1;
  }

  /** Counts the links of a call's way: every request needs them. */
  call(arcs: ArrayLike<number>): void {
    const { link } = this.#instance.snapshot.graph;
    for (let k = 0; k < arcs.length; k++) {
      const id = link[arcs[k] ?? 0] ?? 0;
      if (this.#called[id] === this.#begun) continue;
      this.#called[id] = this.#begun;
      this.#calls *= this.#ofLink[id] ?? 1;
    }
  }

  /** The probability, with the ways in of each ingress region. Call after every `call`. */
  of(waysIn: (ingress: number) => Iterable<ArrayLike<number>>): number {
    const { ingress, snapshot } = this.#instance;
    if (ingress.length === 0) return this.#calls;
    let mean = 0;
    for (const [g, entry] of ingress.entries()) {
      this.#round++;
      let own = entry.radioSuccess;
      for (const arcs of waysIn(g)) {
        for (let k = 0; k < arcs.length; k++) {
          const id = snapshot.graph.link[arcs[k] ?? 0] ?? 0;
          if (this.#called[id] === this.#begun || this.#entered[id] === this.#round) continue;
          this.#entered[id] = this.#round;
          own *= this.#ofLink[id] ?? 1;
        }
      }
      mean += entry.weight * own;
    }
    return mean * this.#calls;
  }
}
