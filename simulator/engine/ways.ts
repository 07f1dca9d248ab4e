import type { Network, Path } from './network.ts';

/** The way of each call between two places, asked for once until links come or go. */
export class Ways {
  readonly #network: Network;
  readonly #hosts: number;
  /** Per call: `from vertex * hosts + to host`; null where there is none. */
  readonly #ways: Map<number, Path | null>[] = [];

  constructor(network: Network, hosts: number) {
    this.#network = network;
    this.#hosts = hosts;
  }

  /** Null when there is no way now. */
  find(call: number, slice: string, vertex: number, host: number, bytes: number): Path | null {
    const ways = (this.#ways[call] ??= new Map());
    const key = vertex * this.#hosts + host;
    const known = ways.get(key);
    if (known !== undefined) return known;
    const path = this.#network.path(slice, vertex, host, bytes) ?? null;
    ways.set(key, path);
    return path;
  }

  /** Links came or went. */
  forget(): void {
    this.#network.forget();
    for (const ways of this.#ways) ways?.clear();
  }
}
