/** A stream of random numbers from a seed (xoshiro128**), the same on every machine. Streams for parts are split off by name. */
export class Random {
  readonly #seed: number;
  readonly #state: Uint32Array;
  #spare: number | undefined;

  constructor(seed: number) {
    this.#seed = seed;
    // SplitMix32 spreads neighbouring seeds.
    let at = seed >>> 0;
    this.#state = Uint32Array.from({ length: 4 }, () => {
      at = (at + 0x9e3779b9) >>> 0;
      let z = Math.imul(at ^ (at >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      return (z ^ (z >>> 15)) >>> 0;
    });
  }

  /** A stream of its own for one part: what is drawn from it does not move the others. */
  split(name: string): Random {
    let hash = 0x811c9dc5 ^ this.#seed;
    for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
    return new Random(hash);
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    const s = this.#state;
    const [a = 0, b = 0, c = 0, d = 0] = s;
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    s[2] = c ^ a;
    s[3] = d ^ b;
    s[1] = b ^ (s[2] ?? 0);
    s[0] = a ^ (s[3] ?? 0);
    s[2] = (s[2] ?? 0) ^ (b << 9);
    const last = s[3] ?? 0;
    s[3] = (last << 11) | (last >>> 21);
    return result / 2 ** 32;
  }

  /** A whole number from 0 to `below` - 1. */
  whole(below: number): number {
    return Math.floor(this.uniform() * below);
  }

  /** Standard normal (Marsaglia's polar method: no sine, whose last bits differ between engines). */
  normal(): number {
    if (this.#spare !== undefined) {
      const value = this.#spare;
      this.#spare = undefined;
      return value;
    }
    for (;;) {
      const [x, y] = [2 * this.uniform() - 1, 2 * this.uniform() - 1];
      const square = x * x + y * y;
      if (square === 0 || square >= 1) continue;
      const scale = Math.sqrt((-2 * Math.log(square)) / square);
      this.#spare = y * scale;
      return x * scale;
    }
  }

  /** 0 .. count - 1 in random order (Fisher–Yates). */
  order(count: number): Int32Array {
    const order = Int32Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const j = this.whole(i + 1);
      [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
    }
    return order;
  }
}
